import { describeDuration } from '../../fleet/duration.ts';
import type { NodeRow, PoolView } from './pool-view.ts';
import { cellsOf, clip, pad, printable, wrap } from './text.ts';

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

/** `columns`: undefined where lines may be of any length. `rows`: where no more of them are to be shown. */
export interface Space {
  columns?: number | undefined;
  rows?: number | undefined;
}

/** A pool as lines of text, none longer than there is room for. */
export function tableOf(view: PoolView, { columns, rows }: Space = {}): string[] {
  // A terminal that does not know its width says 0.
  const width = columns || Number.POSITIVE_INFINITY;
  const head = [...wrap(headOf(view), width), ''];
  const foot = footOf(view, width);
  if (view.nodes === undefined) return [...head.slice(0, -1), ...foot];
  if (view.nodes.length === 0) return [...head, 'It has no machines.', ...foot];
  const most = rows ? rows - 1 - head.length - foot.length : Number.POSITIVE_INFINITY;
  return [...head, ...firstOf(rowsOf(view.nodes, width), most, width), ...foot];
}

/** What needs a person stands first: of more lines than a terminal has, those would scroll away. */
function firstOf(lines: readonly string[], most: number, width: number): readonly string[] {
  if (lines.length <= most) return lines;
  const shown = Math.max(2, most - 1);
  return [
    ...lines.slice(0, shown),
    clip(`… ${lines.length - shown} more lines: \`status --once\` tells all`, width),
  ];
}

function footOf({ doubt, problems }: PoolView, width: number): string[] {
  return [
    ...(doubt === undefined ? [] : ['', ...wrap(printable(`NOT VERIFIED: ${doubt}`), width)]),
    ...(problems.length === 0 ? [] : ['']),
    ...problems.flatMap((problem) => wrap(printable(`NOT KNOWN: ${problem}`), width)),
  ];
}

function headOf({ pool, cloud, nodes, min, max, at, scales }: PoolView): string {
  const whose = `${pool} on ${cloud}, ${at}`;
  if (nodes === undefined) return `${whose}: its machines are not known (${min} to ${max} serve)`;
  const phases = new Map<string, number>();
  for (const row of nodes) phases.set(phaseOf(row), (phases.get(phaseOf(row)) ?? 0) + 1);
  const told = [...phases].map(([phase, count]) => `${count} ${phase}`).join(', ');
  const rooms = nodes.reduce((sum, row) => sum + (row.rooms ?? 0), 0);
  const people = nodes.reduce((sum, row) => sum + (row.people ?? 0), 0);
  const unknown = nodes.filter((row) => row.rooms === undefined).length;
  const more = unknown === 0 ? '' : ` and what is on ${unknown} of which it is not known`;
  const alone = scales === false ? '; scaling.kind is none: nobody asks for fewer by itself' : '';
  return `${whose}: ${nodes.length} machines (${min} to ${max} serve)${told && `: ${told}`}; ${rooms} rooms, ${people} people${more}${alone}`;
}

/** One column of this pool. */
interface Filled extends Pick<Column, 'title' | 'align' | 'spare'> {
  cells: string[];
  width: number;
}

function rowsOf(given: readonly NodeRow[], width: number): string[] {
  const nodes = given.map((row) => ({
    ...row,
    node: shorten(printable(row.node), Math.max(1, Math.floor(width / 2))),
  }));
  const remarks = nodes.map(remarkOf);
  const { columns, withRemarks } = fitting(
    COLUMNS.map((column) => fill(column, nodes)),
    remarks,
    width,
  );
  const line = (textOf: (column: Filled) => string, remark: string) => {
    const padded = columns.map((column) => pad(textOf(column), column.width, column.align));
    return clip([...padded, ...(withRemarks ? [remark] : [])].join(GAP).trimEnd(), width);
  };
  return [
    line(({ title }) => title, 'WHY NOT'),
    ...nodes.flatMap((row, index) => {
      const remark = remarks[index] ?? '';
      return [
        line(({ cells }) => cells[index] ?? '', remark),
        ...(withRemarks || remark === '' ? [] : wrap(`  ${remark}`, width)),
        ...row.alarms.flatMap(({ name, text }) => wrap(`  ${printable(`ALARM ${name}: ${text}`)}`, width)),
      ];
    }),
  ];
}

function fill({ title, cell, ...how }: Column, nodes: readonly NodeRow[]): Filled {
  const cells = nodes.map((row) => printable(cell(row)));
  return { ...how, title, cells, width: Math.max(title.length, ...cells.map(cellsOf)) };
}

/** The last that are left out for a remark, which is what people look for. */
const MOST_WANTED = 1;

/** The columns for which there is room; remarks stand beneath where they find none beside them. */
function fitting(
  all: readonly Filled[],
  remarks: readonly string[],
  width: number,
): { columns: readonly Filled[]; withRemarks: boolean } {
  const longest = Math.max(...remarks.map(cellsOf));
  const room = width - GAP.length - Math.min(NARROWEST_REMARK, longest);
  const beside = longest === 0 ? undefined : within(all, room, MOST_WANTED);
  if (beside !== undefined) return { columns: beside, withRemarks: true };
  const columns = within(all, width, 0) ?? all.filter(({ spare }) => spare === 0);
  return { columns, withRemarks: false };
}

/** undefined: also without those that may be spared it is too wide. */
function within(all: readonly Filled[], width: number, least: number): readonly Filled[] | undefined {
  let columns = all;
  while (total(columns) > width) {
    const most = Math.max(...columns.map(({ spare }) => spare));
    if (most <= least) return undefined;
    columns = columns.filter(({ spare }) => spare !== most);
  }
  return columns;
}

function total(columns: readonly Filled[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0) + GAP.length * Math.max(0, columns.length - 1);
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

function decisionOf({ decision, decisionUnknown }: NodeRow): string {
  if (decision === undefined) return decisionUnknown === undefined ? '' : '?';
  const { cause, by } = decision;
  return cause === 'operator' ? by : `${cause} by ${by}`;
}

function remarkOf({ unknown, whyNot, decision, protected: isProtected }: NodeRow): string {
  if (decision !== undefined) return printable(decision.reason ?? unknown ?? '');
  return printable(unknown ?? whyNot ?? (isProtected ? 'protected' : ''));
}

/** A name that takes more than its part of the line: its end tells nodes of one pool apart. */
function shorten(name: string, width: number): string {
  if (name.length <= width) return name;
  const end = Math.ceil((width - 1) / 2);
  return `${name.slice(0, width - 1 - end)}…${name.slice(name.length - end)}`;
}
