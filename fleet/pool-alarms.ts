/** What a person must hear of, whatever the cloud. */
export interface PoolAlarm {
  says: string;
  /** For how long it must be so, by the looks of somebody who looks each minute. */
  minutes: number;
  /** What the pool's function finds then; its log says `found-NAME`. Those of a node's own alarms are called `node-…`. */
  findings: readonly string[];
  /** It is over before anybody can have seen it: so long it counts all the same. */
  remainsMinutes?: number;
}

/**
 * The one list of them, for the alarms and alerts of every cloud. What a cloud's function cannot find raises nothing there;
 * a finding that is an `error` means that the function could not do its work, and needs no entry.
 */
export const POOL_ALARMS = {
  stale: {
    says: 'A node has stopped saying how it is. It is kept, and not chosen to leave, until it speaks again.',
    minutes: 3,
    // Where a cloud does not count them apart, they are unknown.
    findings: [],
  },
  unknown: {
    says: 'Of a node it is not known what runs on it, or what was decided about it. It is kept, and not chosen to leave.',
    minutes: 5,
    findings: ['announced-unknown', 'decision-unknown', 'unknown'],
  },
  overdue: {
    says: 'A node has been draining for longer than scaleIn.warnAfter.',
    minutes: 2,
    findings: ['overdue'],
  },
  stuck: {
    says: 'A node is not deleted though it has been empty for long, or serves on though it was decided that it leaves.',
    minutes: 3,
    findings: ['empty-kept', 'not-deleted', 'unheard'],
  },
  alarming: {
    says: 'A node says that something on it needs a person: `ebbtide-agent explain` on it tells what.',
    minutes: 3,
    findings: ['node-'],
  },
  retained: {
    says: 'A machine is out of its group and kept: it is protected, or was stopped before anybody decided that it goes. End it yourself once nobody needs it.',
    minutes: 5,
    findings: ['outside-protected', 'outside-stopped', 'retained', 'still-retained'],
  },
  cramped: {
    says: 'The pool may not grow as the load asks for.',
    minutes: 3,
    findings: ['account-unknown', 'cannot-grow', 'recommendation-unknown'],
  },
  stillborn: {
    says: 'A machine never came up, and was replaced.',
    minutes: 1,
    findings: ['never-came-up'],
    remainsMinutes: 30,
  },
  forged: {
    says: 'Somebody else writes in the name of a node, repeats its words, bears it, or has taken its tag away.',
    minutes: 1,
    findings: ['forged-status', 'name-shared', 'outdated-status', 'tag-lost', 'unsigned-status'],
    remainsMinutes: 30,
  },
} as const satisfies Record<string, PoolAlarm>;

/** The function itself could not do its work. */
const FAILS: Pick<PoolAlarm, 'minutes' | 'remainsMinutes'> = { minutes: 3 };

/** What a finding raises; undefined: nobody need hear of it. */
export function alarmOf(finding: {
  level: 'info' | 'warn' | 'error';
  name: string;
}): Pick<PoolAlarm, 'minutes' | 'remainsMinutes'> | undefined {
  if (finding.level === 'info') return undefined;
  const { name } = finding;
  const listed = Object.values<PoolAlarm>(POOL_ALARMS).find(({ findings }) =>
    findings.some((each) => (each.endsWith('-') ? name.startsWith(each) : name === each)),
  );
  return listed ?? (finding.level === 'error' ? FAILS : undefined);
}
