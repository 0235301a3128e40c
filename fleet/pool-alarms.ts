/** What a person must hear of, whatever the cloud. */
export interface PoolAlarm {
  says: string;
  /** What whoever is called does about it. */
  todo: string;
  /** For how long it must be so, by the looks of somebody who looks each minute. */
  minutes: number;
  /** What the pool's function finds then; its log says `found-NAME`. Those of a node's own alarms are called `node-NAME`; `node-` alone stands for all that have no entry of their own. */
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
    todo: '`fleet status` names it. Look whether the machine runs, whether ebbtide-agent does, and whether it reaches the registry.',
    minutes: 3,
    findings: ['stale'],
  },
  unknown: {
    says: 'Of a node it is not known what runs on it, or what was decided about it. It is kept, and not chosen to leave.',
    todo: "The reason is in the function's log (found-unknown), and `fleet explain NODE` tells it: metrics of the media server that are switched off, a node that never came up, a status that makes no sense.",
    minutes: 5,
    findings: ['announced-unknown', 'decision-unknown', 'unknown'],
  },
  overdue: {
    says: 'A node has been draining for longer than scaleIn.warnAfter.',
    todo: 'Nothing is wrong where a call is that long. `fleet explain NODE` tells what is on it still; it goes on until the last has left, or to the ceiling.',
    minutes: 2,
    findings: ['overdue'],
  },
  ceiling: {
    says: 'A drain has reached scaleIn.ceiling.',
    todo: 'With scaleIn.onCeiling `keep` it goes on: ask those who are on it to come again elsewhere, or end their room in your application. With `cut` they are being cut.',
    minutes: 2,
    findings: ['node-ceiling-reached'],
  },
  'calls-cut': {
    says: 'People were cut off by us: scaleIn.onCeiling is `cut`, and their drain had reached the ceiling.',
    todo: 'Raise scaleIn.ceiling, or set onCeiling to `keep`, if that is not what you want. The log (found-node-calls-cut) tells where, and how many.',
    minutes: 1,
    findings: ['node-calls-cut'],
    remainsMinutes: 30,
  },
  'calls-lost': {
    says: 'People lost their call: a media server ended by itself, or a machine went while they were on it. Ebbtide did not end it.',
    todo: "The log tells where, how many and how (found-node-calls-lost: the media server's end; found-calls-lost: the machine's). Look at the media server's log on that node, or who ended the machine: a person, a spot reclaim, a failed host.",
    minutes: 1,
    findings: ['calls-lost', 'node-calls-lost'],
    remainsMinutes: 30,
  },
  refused: {
    says: 'The pool should shrink, and nobody may go: of every node that could there is a reason against it. It is paid for meanwhile.',
    todo: "The log (found-scale-in-refused; on AWS the termination policy's `passedOver`) counts the reasons: unknown nodes need mending, protected ones somebody who takes the protection away.",
    minutes: 30,
    findings: ['scale-in-refused'],
  },
  stuck: {
    says: 'A node is not deleted though it has been empty for long, or serves on though it was decided that it leaves.',
    todo: '`fleet explain NODE` tells which. Look at the log of its ebbtide-agent, and at the failures in the log of the function.',
    minutes: 3,
    findings: ['empty-kept', 'not-deleted', 'unheard'],
  },
  alarming: {
    says: 'A node says that something on it needs a person.',
    todo: '`fleet explain NODE`, or `ebbtide-agent explain` on it, tells what.',
    minutes: 3,
    findings: ['node-'],
  },
  retained: {
    says: 'A machine is out of its group and kept: it is protected, or was stopped before anybody decided that it goes.',
    todo: 'End it yourself once nobody needs it.',
    minutes: 5,
    findings: ['outside-protected', 'outside-stopped', 'retained', 'still-retained'],
  },
  cramped: {
    says: 'The pool may not grow as the load asks for.',
    todo: 'The log tells why (found-cannot-grow): a quota or a limit of the account to be raised, a zone without room, machines nobody needs to be deleted, or a scaling that is off.',
    minutes: 3,
    findings: ['account-unknown', 'cannot-grow', 'recommendation-unknown'],
  },
  stillborn: {
    says: 'A machine never came up, and was replaced.',
    todo: 'If it comes again and again: its console or `journalctl -u cloud-final` tells what fails at boot.',
    minutes: 1,
    findings: ['never-came-up'],
    remainsMinutes: 30,
  },
  forged: {
    says: 'Somebody else writes in the name of a node, repeats its words, bears it, or has taken its tag away.',
    todo: 'Find out who has the keys; a node that was broken into is deleted, and `pulumi up` with other keys makes others.',
    minutes: 1,
    findings: ['forged-status', 'name-shared', 'outdated-status', 'tag-lost', 'unsigned-status'],
    remainsMinutes: 30,
  },
} as const satisfies Record<string, PoolAlarm>;

export type PoolAlarmName = keyof typeof POOL_ALARMS;

/** What an alarm is described by, wherever a cloud shows it. */
export function describeAlarm(name: PoolAlarmName): string {
  const { says, todo } = POOL_ALARMS[name];
  return `${says} ${todo}`;
}

/** The function itself could not do its work. */
const FAILS: Pick<PoolAlarm, 'minutes' | 'remainsMinutes'> = { minutes: 3 };

/** What a finding raises; undefined: nobody need hear of it. */
export function alarmOf(finding: {
  level: 'info' | 'warn' | 'error';
  name: string;
}): Pick<PoolAlarm, 'minutes' | 'remainsMinutes'> | undefined {
  if (finding.level === 'info') return undefined;
  const { name } = finding;
  const listed = ownAlarmOf(name) ?? (name.startsWith('node-') ? 'alarming' : undefined);
  if (listed !== undefined) return POOL_ALARMS[listed];
  return finding.level === 'error' ? FAILS : undefined;
}

/** The one alarm that names this very finding. */
export function ownAlarmOf(finding: string): PoolAlarmName | undefined {
  const names = Object.keys(POOL_ALARMS) as PoolAlarmName[];
  return names.find((name) => POOL_ALARMS[name].findings.some((each: string) => each === finding));
}
