import * as v from 'valibot';
import { type Decision, decisionSchema } from '../../fleet/decision.ts';
import type { WorldKit } from './cloud.ts';
import type { Happening } from './happening.ts';
import type { VirtualNode } from './node.ts';

/** The machine that a decision is about. */
interface Meant {
  node: VirtualNode;
  /** The cloud's own id of it. */
  machine: string;
  /** Why this choice cannot have been sound; asked for at most once. */
  whyUnfounded(): string | undefined;
  /** Whether it can hear of it; it can, unless told. */
  isTold?: boolean;
  /** It is decided from now on. */
  mark(): void;
}

export interface DecisionBookOptions {
  tell: WorldKit['tell'];
  /** Undefined: there is none that runs. */
  find(decision: Decision): Meant | undefined;
}

/** Where it is decided that a machine goes when its decision is written: what was, and of whom. */
export interface DecisionBook {
  /** An object was written: a decision, or any other. */
  wrote(key: string, body: Buffer): void;
  /** By the machines' own ids. */
  isDecided(machine: string): boolean;
}

const readDecision = v.safeParser(v.pipe(v.string(), v.parseJson(), decisionSchema));

/** Undefined: it says nothing, or not that one leaves. */
export function readLeaving(body: string): Decision | undefined {
  const parsed = readDecision(body);
  return parsed.success && parsed.output.intent === 'leave' ? parsed.output : undefined;
}

export function wantedOf(
  { id: node }: VirtualNode,
  { id: decision, cause, reason }: Decision,
  unfounded?: string,
): Happening {
  return {
    kind: 'wanted',
    node,
    chosen: cause === 'scale-in',
    unfounded,
    decision,
    why: `${cause}: ${reason}`,
  };
}

export function createDecisionBook({ tell, find }: DecisionBookOptions): DecisionBook {
  /** By their ids: the same decision is written again by whoever does not know that it was. */
  const told = new Set<string>();
  const decided = new Set<string>();
  /** What the store says of each name. */
  const standing = new Map<string, Decision>();

  return {
    isDecided: (machine) => decided.has(machine),
    wrote(key, body) {
      const [, name] = /^decisions\/(.+)\.json$/.exec(key) ?? [];
      if (name === undefined) return;
      const decision = readLeaving(body.toString());
      const stood = standing.get(name);
      if (decision === undefined) {
        standing.delete(name);
        return;
      }
      standing.set(name, decision);
      const meant = find(decision);
      if (meant === undefined || told.has(decision.id)) return;
      const { node, machine, isTold = true } = meant;
      const { id, cause } = decision;
      const isAgain = stood !== undefined && stood.machine === machine;
      const unfounded = isAgain
        ? `that was decided already, as ${stood.id}`
        : cause === 'scale-in' && !decided.has(machine)
          ? meant.whyUnfounded()
          : undefined;
      told.add(id);
      decided.add(machine);
      meant.mark();
      if (isTold) tell(wantedOf(node, decision, unfounded));
    },
  };
}
