import { describeDuration } from '../../fleet/duration.ts';
import { describeReading, isKnown } from '../../fleet/node-reading.ts';
import type { FleetReading, NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import type { Log } from '../log.ts';

/** Something that an operator should know. `error`: the function itself could not do its work. */
export interface Finding {
  level: 'info' | 'warn' | 'error';
  name: string;
  node?: string;
  text: string;
  /** Of what is unknown: why, in words that are the same each time, so that they can be counted. */
  reason?: string;
}

/** How long a node has been draining; undefined where it is not. */
export function drainAgeMs(status: NodeStatus, now: number): number | undefined {
  return status.phase === 'draining' ? now - Date.parse(status.since) : undefined;
}

/** That a node which should speak does not, or does not know its own work. `where`: how its cloud calls its state. */
export function whatOfSilence(node: string, where: string, reading: NodeReading): Finding[] {
  if (isKnown(reading)) return [];
  const text = `${where}: ${describeReading(reading)}`;
  if (reading.kind === 'stale') return [{ level: 'warn', name: 'stale', node, text }];
  return [{ level: 'warn', name: 'unknown', node, text, reason: whyUnknown(reading) }];
}

const REASON_LENGTH = 120;

function whyUnknown(reading: Exclude<NodeReading, { kind: 'stale' }>): string {
  switch (reading.kind) {
    case 'missing':
      return 'no status in the registry';
    case 'unreadable':
      return 'its status cannot be read';
    case 'fresh':
      return (reading.status.unknown ?? 'no reason given').slice(0, REASON_LENGTH);
  }
}

/** What a node says of itself that needs a person. */
export function whatOfNode(node: string, reading: NodeReading, now: number, warnAfterMs: number): Finding[] {
  if (reading.kind !== 'fresh') return [];
  const findings: Finding[] = [];
  const drainingForMs = drainAgeMs(reading.status, now);
  if (drainingForMs !== undefined && drainingForMs > warnAfterMs) {
    const text = `draining for ${describeDuration(drainingForMs)}`;
    findings.push({ level: 'warn', name: 'overdue', node, text });
  }
  return [...findings, ...whatItSays(reading.status)];
}

function whatItSays({ node, alarms = [] }: NodeStatus): Finding[] {
  return alarms.map(({ name, text, since }) => ({
    level: 'warn',
    name: `node-${name}`,
    node,
    text: `${text} (since ${since})`,
  }));
}

/** For so long the last words of a machine that is gone are looked at. */
export const LAST_WORDS_MS = 1_800_000;

/** What is lost with a machine is told by nobody but its last words. */
const OF_CALLS = ['node-calls-cut', 'node-calls-lost'];

/**
 * What the machines that are gone have left behind: calls that were on one when it ended, and what it had told of calls. A
 * machine that is there speaks for itself, or is silent, which is told too. `isHere`: whether the machine that said so is
 * still there; of a name that has come again, the one before is not.
 */
export function whatOfGone(
  { nodes }: FleetReading,
  isHere: (status: NodeStatus) => boolean,
  isNameTaken: (node: string) => boolean,
): Finding[] {
  return [...nodes].flatMap(([node, reading]): Finding[] => {
    // What is fresh and of no machine may be of one that was made since they were listed.
    const last =
      reading.kind === 'stale'
        ? reading.last
        : reading.kind === 'fresh' && isNameTaken(node)
          ? reading.status
          : undefined;
    if (last === undefined || isHere(last)) return [];
    const told = whatItSays(last).filter(({ name }) => OF_CALLS.includes(name));
    const { phase, work, at } = last;
    const carried = phase === 'serving' || phase === 'cordoned' || phase === 'draining';
    if (!carried || work === null || work.people === 0) return told;
    const text = `its machine is gone, and at ${at} it said: ${phase}, ${work.rooms} rooms, ${work.people} people`;
    return [...told, { level: 'warn', name: 'calls-lost', node, text }];
  });
}

export function whatOfRegistry({ complete, problem }: FleetReading): Finding[] {
  if (complete) return [];
  const text = `the registry was not read to its end: ${problem ?? 'unknown cause'}`;
  return [{ level: 'error', name: 'registry-unknown', text }];
}

/** One line of the log each, from which alarms are made and a person reads on. */
export function logFindings(log: Log, pool: string, findings: readonly Finding[]): void {
  for (const { level, name, ...rest } of bounded(findings)) log(level, `found-${name}`, { pool, ...rest });
}

/** Neither a log nor an answer lists a whole fleet: of one kind so many, and a word of how many more there are. */
const LISTED = 50;

export function bounded(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  const told = findings.filter(({ name }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count <= LISTED;
  });
  const more = [...counts].flatMap(([name, count]): Finding[] => {
    const one = findings.find((finding) => finding.name === name);
    if (one === undefined || count <= LISTED) return [];
    return [{ level: one.level, name, text: `and ${count - LISTED} more` }];
  });
  return [...told, ...more];
}
