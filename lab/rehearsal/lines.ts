import { clockText, nameOf, type Picture } from './picture.ts';

const SUMMARY_EVERY_MS = 5_000;

export interface Told {
  news: number;
  summaryAtMs: number;
  act: string;
}

export const NOTHING_TOLD: Told = { news: 0, summaryAtMs: Number.NEGATIVE_INFINITY, act: '' };

/** For an output that is no terminal: what is new since the last picture, and a summary every few seconds. */
export function newLines(picture: Picture, told: Told): { lines: string[]; told: Told } {
  const time = clockText(picture.elapsedMs);
  const lines = picture.news
    .slice(told.news)
    .map(({ at, mode, text }) => `${clockText(at - picture.startedAt)}  ${nameOf(mode).padEnd(12)}  ${text}`);
  if (picture.act !== told.act) lines.push(`${time}  —— ${picture.act}`);
  const due = picture.elapsedMs - told.summaryAtMs >= SUMMARY_EVERY_MS;
  if (due && picture.runs.length > 0) lines.push(`${time}  ${picture.runs.map(summary).join('   |   ')}`);
  const summaryAtMs = due ? picture.elapsedMs : told.summaryAtMs;
  return { lines, told: { news: picture.news.length, summaryAtMs, act: picture.act } };
}

function summary({ mode, nodes, rooms, people, callsCut }: Picture['runs'][number]): string {
  const phases = new Map<string, number>();
  for (const { phase } of nodes) if (phase !== 'gone') phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const fleet = [...phases].map(([phase, count]) => `${count} ${phase}`).join(', ') || 'no nodes';
  return `${nameOf(mode)}: ${fleet}; ${rooms} rooms, ${people} people, ${callsCut} cut`;
}
