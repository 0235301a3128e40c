import * as v from 'valibot';
import { POOL_METRICS } from '../../fleet/pool-metrics.ts';
import type { WorldKit } from './cloud.ts';

/** What a function writes, and what alerts are made of it. */
export interface FunctionLog {
  write(line: string): void;
  /** Those that are raised now. */
  alarms(): string[];
}

export interface FunctionLogOptions {
  /** As the event of its last line says it. */
  name: string;
  /** What it has found that a person is to hear of, by its name. */
  findings: readonly string[];
  /** Whatever of a run somebody who reads a trace wants to know. */
  told: readonly string[];
}

const ALARMING = ['stale', 'unknown', 'overdue', 'alarming', 'retained'] as const;
/** As the stack's alerts have it. */
const SILENT_MS = 300_000;
/** A bad minute is forgotten when the next lines have come. */
const RECENT_MS = 130_000;

const lineSchema = v.pipe(v.string(), v.parseJson(), v.looseObject({ level: v.string(), event: v.string() }));

export function createFunctionLog(
  { clock, tell }: Pick<WorldKit, 'clock' | 'tell'>,
  { name, findings, told }: FunctionLogOptions,
): FunctionLog {
  let lastRun = { at: clock.now(), bad: [] as string[] };
  let lastError = Number.NEGATIVE_INFINITY;
  const lastFound = new Map<string, number>();
  let lastTold = '';

  return {
    write(line) {
      const entry = v.parse(lineSchema, line);
      if (entry.level === 'error') lastError = clock.now();
      const found = findings.find((each) => entry.event === `found-${each}`);
      if (found !== undefined) lastFound.set(found, clock.now());
      if (entry.event !== name) return;
      const bad = ALARMING.filter((metric) => Number(entry[POOL_METRICS[metric]] ?? 0) > 0);
      lastRun = { at: clock.now(), bad };
      const outcome = JSON.stringify(Object.fromEntries(told.map((member) => [member, entry[member]])));
      // What is the same every minute is told once.
      if (outcome !== lastTold) tell({ kind: 'function', name, outcome });
      lastTold = outcome;
    },
    alarms: () => [
      ...lastRun.bad,
      ...(clock.now() - lastError < RECENT_MS ? [`${name}-fails`] : []),
      ...[...lastFound].flatMap(([found, at]) => (clock.now() - at < RECENT_MS ? [found] : [])),
      ...(clock.now() - lastRun.at > SILENT_MS ? [`${name}-silent`] : []),
    ],
  };
}
