import type { PaperCloud } from '../paper-cloud.ts';
import type { Inputs, RecordedResource } from '../resource.ts';
import type { Made } from './made.ts';
import type { RulesByType } from './type-rules.ts';

/** What a thing of one type does beyond being there, as the real provider and its cloud have it. */
export interface ResourceLife {
  /** After it was made: waits until it is what the provider calls done. */
  settle?(made: Made): Promise<void>;
  /** As it is by now: what somebody or something else chose since. */
  asItIs?(made: Made): Made;
  /**
   * Before it is deleted, for as long as `timeoutMs` by the cloud's clock; rejects where the cloud would not let it go,
   * and it stays.
   */
  end?(made: Made, timeoutMs: number): Promise<void>;
  /** Things that the cloud deletes with it. */
  takesAlong?(made: Made, other: { type: string; inputs: Inputs }): boolean;
  /** A change is one more version, and the earlier ones stay: what the cloud says of the next. */
  nextVersion?(made: Made): Inputs;
}

/** A running twin, as its provider works on it. */
export interface LivingCloud {
  paper: PaperCloud;
  rules: RulesByType;
  /** A type that is not here is simply there. */
  lives: Readonly<Record<string, ResourceLife>>;
  /** This is all that there is now. Rejects, changing nothing, where the cloud would refuse. */
  provision(resources: readonly RecordedResource[]): Promise<void>;
}
