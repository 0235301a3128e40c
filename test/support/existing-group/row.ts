import type { ToldFault } from '../../../lab/cloud/faults.ts';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import type { LocalCloud, LocalCloudOptions } from '../../../lab/local-stack/local-cloud.ts';
import type { RigCloud } from '../pulumi-rig.ts';

/** What only one cloud can know of a group of the operator's own that becomes a pool, and ceases to be one. */
export interface LoanRow<Twin extends TwinCloud> extends RigCloud<Twin> {
  /** The cloud with the group in it, of one machine that knows nothing of Ebbtide. */
  start(options: LocalCloudOptions): Promise<LocalCloud<Twin>>;
  /** Sections of the stack file. */
  settings: Readonly<Record<string, unknown>>;
  /** What the provider calls the thing in which nodes tell how they are. */
  bucket: string;
  /** All of the group that Ebbtide or its functions may change: it must be so again in the end. */
  rules(twin: Twin): unknown;
  /** Throws where those are not as Ebbtide is to have them. */
  assertBorrowed(twin: Twin): void;
  /** A fault of the group for which it is refused. */
  refusal: { spoil(twin: Twin): void; mend(twin: Twin): void; says: RegExp };
  /** An `up` fails while it changes the rules, until that fault is ended; absent where it changes none. */
  failHalfway?(twin: Twin): ToldFault;
  /** As another program writes its own rules into the group again; absent where Ebbtide changes none of its rules. */
  takeBack?(twin: Twin): void;
  /** What new machines of the group run, in the place of the snippet that fetches it, which has tests of its own. */
  bootWith(twin: Twin, script: string): void;
  /** Has one leave, of one machine without the agent and these two nodes. */
  shrink(twin: Twin, nodes: readonly string[]): void;
  /** A refusal to part tells of a node that leaves with one person on it. */
  leaving(node: string): RegExp;
}
