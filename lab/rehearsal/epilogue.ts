import { clockText } from './picture.ts';
import type { LeftOut, Outcome, Report, RunReport } from './report.ts';
import { comparison } from './table.ts';

/** All of them are told at the end. */
const TOLD_IN_A_LINE = 3;

/** One line about one of several clouds. */
export function verdict({ cloud, runs, shortcomings }: Outcome): string {
  const more = shortcomings.length - TOLD_IN_A_LINE;
  const told = [...shortcomings.slice(0, TOLD_IN_A_LINE), ...(more > 0 ? [`and ${more} more`] : [])];
  if (told.length > 0) return `${cloud}: ${told.join('; ')}`;
  return `${cloud}: no call was cut with Ebbtide, ${cutWithout(runs)} without it`;
}

/** What is told when all is over. */
export function epilogue({ ok, shortcomings, leftOut, runs }: Report, tookMs: number): string {
  const paragraphs = [
    ...(runs.length > 0 ? [comparison(runs).join('\n')] : []),
    ok ? success(runs) : `This rehearsal did not show what it must:\n${shortcomings.map(item).join('\n')}`,
    [...leftOut.map(missing), `All of it took ${clockText(tookMs)} min.`].join('\n'),
  ];
  return paragraphs.join('\n\n');
}

function success(runs: readonly RunReport[]): string {
  const days = new Set(runs.map(({ cloud }) => cloud)).size > 1 ? 'the same days' : 'the same day';
  return `No call was cut with Ebbtide; without it ${days} cut off ${cutWithout(runs)} people.`;
}

function cutWithout(runs: readonly RunReport[]): number {
  return runs.reduce((sum, { mode, callsCut }) => (mode === 'control' ? sum + callsCut : sum), 0);
}

function item(text: string): string {
  return `  - ${text}`;
}

function missing({ cloud, why }: LeftOut): string {
  return `Nothing is known of ${cloud}: ${why}.`;
}
