/** Which of a job's requests, from now on, something waits for. `only`: of those that change something, or of all. */
export interface AtRequest {
  only: 'changes' | 'all';
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
  /** The alert fires so often at once. */
  | { kind: 'alert-storm'; times: number }
  /** Neither the alert nor the schedule says anything. */
  | { kind: 'nothing-wakes'; forMs: number }
  /** Whatever wakes the runbook starts two jobs of it in the same moment. */
  | { kind: 'jobs-twice'; forMs: number }
  | ({ kind: 'kill-job' } & AtRequest)
  /** `forMs` undefined: for ever. */
  | ({ kind: 'suspend-job'; forMs?: number } & AtRequest)
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
  | { kind: 'deleted-by-person'; node: number }
  /** As an update of the model may do it. */
  | { kind: 'protection-lost'; node: number }
  | { kind: 'evicted'; node: number }
  | { kind: 'maintained'; node: number; event: (typeof MAINTENANCE)[number]; afterMs: number }
  | { kind: 'machine-dies'; node: number }
  /** Its host fails, and Azure starts it again elsewhere: the same machine, with its disk. */
  | { kind: 'restarted'; node: number; downMs: number }
  /** Its disk is made anew. `as`: whether it is another machine after that. */
  | { kind: 'reimaged'; node: number; as: 'same' | 'another' }
  | { kind: 'protected'; node: number; forMs: number }
  | { kind: 'decision-garbled'; node: number }
);
