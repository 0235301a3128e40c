/** What Azure's runbook finds of nodes and a person must hear of, by the alert that each raises; its log says `found-NAME`. */
export const RUNBOOK_FINDINGS = {
  unknown: ['unknown', 'decision-unknown'],
  overdue: ['overdue'],
  /** Each blocks a drain for ever, as nothing but a person ends it. */
  stuck: ['not-deleted', 'unheard'],
} as const;
