import type { AtRequest, OnlyAt } from '../deaths.ts';
import type { Which } from '../step.ts';
import type { Change } from './change.ts';

/**
 * What somebody may write in a node's name, who has the key that all nodes have. `unsigned`, `wrongly-signed`: that it is
 * empty. `of-another`: what another node has said of itself, with its signature. `of-earlier`: rightly signed, by a machine
 * that was made of an image of this one. `replayed`: the node's own word that it is empty, from a time before.
 */
export const FORGERIES = ['unsigned', 'wrongly-signed', 'of-another', 'of-earlier', 'replayed'] as const;
export type Forgery = (typeof FORGERIES)[number];

/** What a person may take away from a droplet. */
export const TAKEN_TAGS = ['draining', 'decision', 'pool'] as const;
export type TakenTag = (typeof TAKEN_TAGS)[number];

/** What happens to a pool on DigitalOcean besides what can happen anywhere. */
export type DigitalOceanStep = { at: number } /** From now on the load needs so many. */ & (
  | { kind: 'load'; needs: number }
  /** Dies at its `nth` request from now. */
  | ({ kind: 'kill-run' } & AtRequest<OnlyAt<Change>>)
  /** Whatever calls the function calls it twice. */
  | { kind: 'runs-twice'; forMs: number }
  /** Besides its trigger, somebody calls it again and again. */
  | { kind: 'woken'; forMs: number; everyMs: number }
  | { kind: 'wake-refused'; forMs: number }
  | { kind: 'trigger-lost'; forMs: number }
  | { kind: 'trigger-late'; forMs: number; byMs: number }
  /** Runs that begin meanwhile are where the clock is off. */
  | { kind: 'run-skewed'; forMs: number; byMs: number }
  /** After so many requests more, the API refuses all. `tells`: and says when it will not. */
  | { kind: 'rate-limited'; forMs: number; after: number; tells: boolean }
  /** Others have all the droplets that the account may have. */
  | { kind: 'account-full'; forMs: number }
  /** Of the next so many births the answer is lost, and they were made or not. */
  | { kind: 'birth-unsure'; made: boolean; times: number }
  /** What is made meanwhile has no tags. */
  | { kind: 'born-untagged'; forMs: number }
  /** What is made meanwhile stays `new` until then, or longer than anybody waits. */
  | { kind: 'held-new'; forMs: number }
  /** The next so many droplets run, and nothing on them does. */
  | { kind: 'never-up'; times: number }
  /** The next tag is put on some only of those that it is meant for, and the answer is lost. */
  | { kind: 'tags-half'; times: number }
  | { kind: 'store-gone'; forMs: number }
  | { kind: 'store-slow'; forMs: number; byMs: number }
  /** Its lists show what was there so long ago. */
  | { kind: 'stale-lists'; forMs: number; byMs: number }
  | { kind: 'memory-lost'; what: 'pool' | 'births' }
  | { kind: 'memory-garbled'; what: 'pool' | 'births' }
  | { kind: 'decision-garbled'; node: Which }
  | { kind: 'decision-lost'; node: Which }
  | { kind: 'status-lost'; node: Which }
  | { kind: 'forged'; node: Which; how: Forgery; forMs: number }
  | { kind: 'tag-taken'; node: Which; tag: TakenTag }
  /** A person wants it to go. */
  | { kind: 'tag-given'; node: Which }
  | { kind: 'protected'; node: Which; forMs: number }
  | { kind: 'deleted-by-person'; node: Which }
  | { kind: 'machine-dies'; node: Which }
  /** Off, and on again: the same machine, with its disk. */
  | { kind: 'restarted'; node: Which; downMs: number }
);
