import * as v from 'valibot';
import type { Clock } from '../../../fleet/clock.ts';
import { POOL_METRICS } from '../../../fleet/pool-metrics.ts';
import type { WorldKit } from '../cloud.ts';

/** What the pruner writes, and what alerts are made of it. */
export interface PrunerLog {
  write(line: string): void;
  /** Those that are raised now. */
  alarms(): string[];
}

const ALARMING = ['stale', 'unknown', 'overdue', 'alarming', 'retained'] as const;
/** As the stack's alerts have it. */
const SILENT_MS = 300_000;
/** A bad minute is forgotten when the next lines have come. */
const RECENT_MS = 130_000;

const lineSchema = v.pipe(v.string(), v.parseJson(), v.looseObject({ level: v.string(), event: v.string() }));
/** Whatever of a run somebody who reads a trace wants to know. */
const TOLD = ['decided', 'takenOut', 'marked', 'removed', 'overtaken', 'excess', 'held', 'failures'] as const;

export function createPrunerLog(clock: Clock, tell: WorldKit['tell']): PrunerLog {
  let lastRun = { at: clock.now(), bad: [] as string[] };
  let lastError = Number.NEGATIVE_INFINITY;
  let lastUnheard = Number.NEGATIVE_INFINITY;
  let lastTold = '';

  return {
    write(line) {
      const entry = v.parse(lineSchema, line);
      if (entry.level === 'error') lastError = clock.now();
      if (entry.event === 'found-unheard') lastUnheard = clock.now();
      if (entry.event !== 'pruner') return;
      const bad = ALARMING.filter((name) => Number(entry[POOL_METRICS[name]] ?? 0) > 0);
      lastRun = { at: clock.now(), bad };
      const outcome = JSON.stringify(Object.fromEntries(TOLD.map((name) => [name, entry[name]])));
      if (outcome !== lastTold) tell({ kind: 'function', name: 'pruner', outcome });
      lastTold = outcome;
    },
    alarms: () => [
      ...lastRun.bad,
      ...(clock.now() - lastError < RECENT_MS ? ['pruner-fails'] : []),
      ...(clock.now() - lastUnheard < RECENT_MS ? ['unheard'] : []),
      ...(clock.now() - lastRun.at > SILENT_MS ? ['pruner-silent'] : []),
    ],
  };
}
