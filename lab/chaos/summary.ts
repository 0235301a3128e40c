import type { Outcome } from './runner.ts';

/** What came of many schedules. */
export interface Summary {
  runs: number;
  /** How often each kind of step was taken. */
  kinds: Readonly<Record<string, number>>;
  drains: number;
  virtualMs: number;
}

export const NO_RUNS: Summary = { runs: 0, kinds: {}, drains: 0, virtualMs: 0 };

export function addRun(summary: Summary, { kinds, drains, virtualMs }: Outcome): Summary {
  const counts = { ...summary.kinds };
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    runs: summary.runs + 1,
    kinds: counts,
    drains: summary.drains + drains,
    virtualMs: summary.virtualMs + virtualMs,
  };
}

/** One line, for whoever waits. */
export function progressLine({ runs, drains, virtualMs }: Summary, wanted: number, tookMs: number): string {
  return `${runs} of ${wanted} runs, ${drains} drains, ${hours(virtualMs)} virtual hours in ${(tookMs / 1000).toFixed(0)} s`;
}

export function summaryLines(summary: Summary, tookMs: number): string[] {
  const { runs, kinds, drains, virtualMs } = summary;
  const seconds = tookMs / 1000;
  const perSecond = seconds > 0 ? (virtualMs / 3_600_000 / seconds).toFixed(1) : '–';
  const names = Object.keys(kinds).sort();
  const width = Math.max(0, ...names.map((name) => name.length));
  return [
    `${runs} runs, ${drains} drains, ${seconds.toFixed(1)} s, ${perSecond} virtual hours per second`,
    'what was done to them:',
    ...names.map((name) => `  ${name.padEnd(width)}  ${kinds[name]}`),
  ];
}

function hours(ms: number): string {
  return (ms / 3_600_000).toFixed(1);
}
