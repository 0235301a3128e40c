/** What happens to a group on AWS besides what can happen anywhere. */
export type AwsStep = { at: number } & (
  | { kind: 'desired'; to: number }
  | { kind: 'replace-one'; cause: 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE' }
  | { kind: 'unhealthy'; node: number }
  | { kind: 'ended-by-hand'; node: number }
  | { kind: 'spot-notice'; node: number; noticeMs: number }
  | { kind: 'rebalance-notice'; node: number }
  | { kind: 'machine-dies'; node: number }
  /** The metadata tell of the cloud's wish late, or take it back for a while. */
  | { kind: 'late-notice'; node: number; forMs: number }
  | { kind: 'policy-slow'; forMs: number; byMs: number }
  | { kind: 'policy-fails'; forMs: number }
  | { kind: 'watcher-silent'; forMs: number }
);
