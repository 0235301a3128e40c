import type { Which } from '../step.ts';

/** Which of a job's requests something may wait for: all, those that change something, or those after which nothing is as before. */
export const REQUESTS = ['all', 'changes', 'memory', 'decisions', 'deletions'] as const;

/** The `nth` such request of any job, from now on. */
export interface AtRequest {
  only: (typeof REQUESTS)[number];
  when: 'before' | 'after';
  nth: number;
}

/** What may be ahead of a machine, besides its end. */
export const MAINTENANCE = ['Reboot', 'Redeploy', 'Freeze'] as const;

/** What happens to a scale set on Azure besides what can happen anywhere. */
export type AzureStep = { at: number } /** From now on the load needs so many. */ & (
  | { kind: 'load'; needs: number }
  /** By one, as autoscale does it. */
  | { kind: 'grow' }
  /** By one, as a rule would that somebody has added: it takes whom nothing protects. */
  | { kind: 'scaled-in' }
  /** The alert fires so often, one soon after the other. */
  | { kind: 'alert-storm'; times: number; everyMs: number }
  /** Neither the alert nor the schedule says anything. */
  | { kind: 'nothing-wakes'; forMs: number }
  /** Whatever wakes the runbook starts two jobs of it in the same moment. */
  | { kind: 'jobs-twice'; forMs: number }
  | ({ kind: 'kill-job' } & AtRequest)
  /**
   * `forMs` undefined: for ever. After a request and not before one: who stands still between his look at the lock and
   * what he does cannot be kept from it by any lock.
   */
  | ({ kind: 'suspend-job'; forMs?: number } & Omit<AtRequest, 'when'>)
  | { kind: 'wake-refused'; forMs: number }
  /** Of whom no role is heard of. */
  | { kind: 'roles-unheard'; whose: 'nodes' | 'functions'; forMs: number }
  /** Somebody else holds the runbook's lock. */
  | { kind: 'lock-taken'; forMs: number }
  | { kind: 'memory-garbled' }
  | { kind: 'store-gone'; forMs: number }
  | { kind: 'store-slow'; forMs: number; byMs: number }
  | { kind: 'rate-limited'; forMs: number }
  /** Operations are begun, and fail later. */
  | { kind: 'operations-fail'; forMs: number }
  | { kind: 'deleted-by-person'; node: Which }
  /** As an update of the model may do it. */
  | { kind: 'protection-lost'; node: Which }
  | { kind: 'evicted'; node: Which }
  | { kind: 'maintained'; node: Which; event: (typeof MAINTENANCE)[number]; afterMs: number }
  | { kind: 'machine-dies'; node: Which }
  /** Its host fails, and Azure starts it again elsewhere: the same machine, with its disk. */
  | { kind: 'restarted'; node: Which; downMs: number }
  /** Its disk is made anew. `as`: whether it is another machine after that. */
  | { kind: 'reimaged'; node: Which; as: 'same' | 'another' }
  | { kind: 'protected'; node: Which; forMs: number }
  | { kind: 'decision-garbled'; node: Which }
);
