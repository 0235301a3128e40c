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
}

/** How long a node has been draining; undefined where it is not. */
export function drainAgeMs(status: NodeStatus, now: number): number | undefined {
  return status.phase === 'draining' ? now - Date.parse(status.since) : undefined;
}

/** That a node which should speak does not, or does not know its own work. `where`: how its cloud calls its state. */
export function whatOfSilence(node: string, where: string, reading: NodeReading): Finding[] {
  if (isKnown(reading)) return [];
  return [{ level: 'warn', name: 'unknown', node, text: `${where}: ${describeReading(reading)}` }];
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
  for (const { name, text, since } of reading.status.alarms ?? []) {
    findings.push({ level: 'warn', name: `node-${name}`, node, text: `${text} (since ${since})` });
  }
  return findings;
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
