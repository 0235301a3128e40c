import type { ToldFault } from '../../../lab/cloud/faults.ts';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import type { PulumiRig, RigCloud } from '../pulumi-rig.ts';

/** What only one cloud can know of the life of a stack. */
export interface LifeRow<Twin extends TwinCloud> extends RigCloud<Twin> {
  /** What its stack file has beside the rehearsal's. */
  settings?: Readonly<Record<string, unknown>>;
  types: { group: string; bucket: string };
  /** At least so many resources are made. */
  resources: number;
  /** `type.member` of inputs that nobody can know before a stack is made, and why not. */
  unknownAtFirst: string[];
  /** What an update touches when … changes. */
  touched: { target: string[]; max: string[]; template: string[] };
  /** Settings that the pool cannot get but by being made anew, which would end its calls: refused. */
  fixed?: { what: string; key: string; setting: Record<string, unknown>; says: RegExp }[];
  /** What a pool of another name needs beside that name while this one is there. */
  otherNetwork?: Record<string, unknown>;
  /** `pulumi up` ends when the first nodes serve, and not before. */
  servesAfterUp: boolean;
  /** The share of a processor that the running group keeps to, in percent. */
  target(twin: Twin): number | undefined;
  /** What tells the template of new machines from the one before. */
  template(twin: Twin): string | undefined;
  /** What the cloud makes itself and must not be told in plain text, once the stack is there. */
  secrets?(rig: PulumiRig<Twin>): string[];
  /** What must be gone after a destroy beside Pulumi's own resources; none of it where all is well. */
  left?(twin: Twin): unknown[];
  /** In a refusal to destroy: a node with two people in one room, and how to drain first. */
  refusal: { busy: RegExp; drainFirst: RegExp };
  /** Whoever would end a machine once it is empty does nothing until this is ended. */
  stopEnding(twin: Twin): ToldFault;
  /** The cloud lets one go: its agent drains it. It has enough without it. */
  letGo(rig: PulumiRig<Twin>, node: string): void;
  /** The cloud has given up on one that was let go, or has it out of its group, and it runs on all the same. */
  giveUp(rig: PulumiRig<Twin>, node: string): void;
  /** What a destroy changes first fails until this is ended. */
  holdDestroy(twin: Twin): ToldFault;
}
