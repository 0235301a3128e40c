import { describeDuration } from '../../fleet/duration.ts';
import type { NodeRow, PoolView } from './pool-view.ts';

interface Column {
  title: string;
  cell: (row: NodeRow) => string;
  align: 'left' | 'right';
  /** The higher, the sooner it is left out where there is no room. */
  spare: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'NODE', cell: ({ node }) => node, align: 'left', spare: 0 },
  { title: 'PHASE', cell: phaseOf, align: 'left', spare: 0 },
  { title: 'ROOMS', cell: ({ rooms }) => numberOf(rooms), align: 'right', spare: 1 },
  { title: 'PEOPLE', cell: ({ people }) => numberOf(people), align: 'right', spare: 2 },
  { title: 'JOBS', cell: ({ jobs }) => numberOf(jobs), align: 'right', spare: 6 },
  { title: 'LOAD', cell: ({ load }) => percentOf(load), align: 'right', spare: 4 },
  { title: 'FOR', cell: forOf, align: 'right', spare: 3 },
  { title: 'SOFTWARE', cell: softwareOf, align: 'left', spare: 7 },
  { title: 'DECISION', cell: decisionOf, align: 'left', spare: 5 },
  { title: 'STATE', cell: ({ state }) => state, align: 'left', spare: 8 },
];

/** Narrower than this, it says too little. */
const NARROWEST_REMARK = 24;
const GAP = '  ';

/** A pool as lines of text, none longer than `columns`; undefined: as long as they are. */
export function tableOf(view: PoolView, columns: number | undefined): string[] {
  const width = columns ?? Number.POSITIVE_INFINITY;
  const lines = [...wrap(headOf(view), width), ''];
  if (view.nodes.length > 0) lines.push(...rowsOf(view.nodes, width));
  else if (view.problems.length === 0) lines.push('It has no machines.');
  if (view.doubt !== undefined) lines.push('', ...wrap(`NOT VERIFIED: ${view.doubt}`, width));
  if (view.problems.length > 0)
    lines.push('', ...view.problems.flatMap((problem) => wrap(`NOT KNOWN: ${problem}`, width)));
  return lines;
}

function headOf({ pool, cloud, nodes, min, max, at }: PoolView): string {
  const phases = new Map<string, number>();
  for (const row of nodes) phases.set(phaseOf(row), (phases.get(phaseOf(row)) ?? 0) + 1);
  const told = [...phases].map(([phase, count]) => `${count} ${phase}`).join(', ');
  const rooms = nodes.reduce((sum, row) => sum + (row.rooms ?? 0), 0);
  const people = nodes.reduce((sum, row) => sum + (row.people ?? 0), 0);
  const unknown = nodes.filter((row) => row.rooms === undefined).length;
  const more = unknown === 0 ? '' : ` and what is on ${unknown} of which it is not known`;
  return `${pool} on ${cloud}, ${at}: ${nodes.length} machines (${min} to ${max} serve)${told && `: ${told}`}; ${rooms} rooms, ${people} people${more}`;
}

function rowsOf(given: readonly NodeRow[], width: number): string[] {
  const nodes = given.map((row) => ({ ...row, node: shorten(row.node, Math.max(1, Math.floor(width / 2))) }));
  const columns = fitting(nodes, width);
  const widths = columns.map((column) => widthOf(column, nodes));
  const used = total(widths);
  const left = width - used - GAP.length;
  const withRemarks = left >= NARROWEST_REMARK;
  const line = (cells: readonly string[], remark: string) => {
    const padded = cells.map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align ?? 'left'));
    return clip([...padded, ...(withRemarks ? [remark] : [])].join(GAP).trimEnd(), width);
  };
  return [
    line(
      columns.map(({ title }) => title),
      'WHY NOT',
    ),
    ...nodes.flatMap((row) => [
      line(
        columns.map(({ cell }) => cell(row)),
        remarkOf(row),
      ),
      ...row.alarms.flatMap(({ name, text }) => wrap(`  ALARM ${name}: ${text}`, width)),
    ]),
  ];
}

/** The columns for which there is room. */
function fitting(nodes: readonly NodeRow[], width: number): Column[] {
  let columns = [...COLUMNS];
  while (total(columns.map((column) => widthOf(column, nodes))) > width) {
    const most = Math.max(...columns.map(({ spare }) => spare));
    if (most === 0) break;
    columns = columns.filter(({ spare }) => spare !== most);
  }
  return columns;
}

function widthOf({ title, cell }: Column, nodes: readonly NodeRow[]): number {
  return Math.max(title.length, ...nodes.map((row) => cell(row).length));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, widths.length - 1);
}

function phaseOf({ phase }: NodeRow): string {
  return phase ?? 'unknown';
}

function numberOf(value: number | undefined): string {
  return value === undefined ? '?' : String(value);
}

function percentOf(share: number | undefined): string {
  return share === undefined ? '?' : `${Math.round(share * 100)} %`;
}

function forOf({ forMs }: NodeRow): string {
  return forMs === undefined ? '?' : describeDuration(forMs);
}

function softwareOf({ agent, outdated }: NodeRow): string {
  if (agent === undefined) return '?';
  return outdated === true ? `${agent} (outdated)` : agent;
}

function decisionOf({ decision }: NodeRow): string {
  return decision === undefined ? '' : `${decision.cause} by ${decision.by}`;
}

function remarkOf({ unknown, whyNot, decision, protected: isProtected }: NodeRow): string {
  if (decision !== undefined) return decision.reason ?? unknown ?? '';
  return unknown ?? whyNot ?? (isProtected ? 'protected' : '');
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width);
}

/** A name that takes more than its part of the line: its end tells nodes of one pool apart. */
function shorten(name: string, width: number): string {
  if (name.length <= width) return name;
  const end = Math.ceil((width - 1) / 2);
  return `${name.slice(0, width - 1 - end)}…${name.slice(name.length - end)}`;
}

function clip(text: string, width: number): string {
  const signs = [...text];
  return signs.length <= width ? text : `${signs.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Between words where that is possible; what follows is set in by two. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)?.[0] ?? '';
  const inset = `${line}  `;
  for (const word of text.trim().split(' ')) {
    const isFirst = line.trim() === '';
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${inset}${word}`;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => clip(each, width));
}
