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
  for (const { level, name, ...rest } of findings) log(level, `found-${name}`, { pool, ...rest });
}
