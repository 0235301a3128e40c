import { clockText, nameOf, type Picture } from './picture.ts';
import type { Mode } from './report.ts';

const SUMMARY_EVERY_MS = 5_000;

export interface Told {
  news: number;
  summaryAtMs: number;
  title: string;
  act: string;
}

export const NOTHING_TOLD: Told = { news: 0, summaryAtMs: Number.NEGATIVE_INFINITY, title: '', act: '' };

/** For an output that is no terminal: what is new since the last picture, and a summary every few seconds. */
export function newLines(picture: Picture, told: Told): { lines: string[]; told: Told } {
  const time = clockText(picture.elapsedMs);
  const lines = picture.news
    .slice(told.news)
    .map(({ at, mode, text }) => said(clockText(at - picture.startedAt), mode, text));
  if (picture.title !== told.title) lines.unshift(picture.title);
  if (picture.act !== told.act) lines.push(`${time}  —— ${picture.act}`);
  const due = picture.elapsedMs - told.summaryAtMs >= SUMMARY_EVERY_MS;
  if (due) lines.push(...picture.runs.map((run) => said(time, run.mode, summary(run))));
  const summaryAtMs = due ? picture.elapsedMs : told.summaryAtMs;
  return { lines, told: { news: picture.news.length, summaryAtMs, title: picture.title, act: picture.act } };
}

function said(time: string, mode: Mode, text: string): string {
  return `${time}  ${nameOf(mode).padEnd(12)}  ${text}`;
}

function summary({ nodes, rooms, people, callsCut }: Picture['runs'][number]): string {
  const phases = new Map<string, number>();
  for (const { phase } of nodes) if (phase !== 'gone') phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const fleet = [...phases].map(([phase, count]) => `${count} ${phase}`).join(', ') || 'no nodes';
  return `${fleet}; ${rooms} rooms, ${people} people, ${callsCut} cut`;
}
