import {
  clockText,
  type NodePhase,
  type NodePicture,
  nameOf,
  type Picture,
  type RunPicture,
} from './picture.ts';
import { short } from './tally.ts';

interface Size {
  columns: number;
  rows: number;
}

/** In a terminal narrower than this, what was cut stands first: the rest may be clipped. */
const NARROW = 80;

const PLAIN = '\u001b[0m';
const COLOURS = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Colour = keyof typeof COLOURS;

const PHASE_COLOUR: Record<NodePhase, Colour> = {
  booting: 'cyan',
  serving: 'green',
  draining: 'yellow',
  empty: 'dim',
  kept: 'red',
  leaving: 'dim',
  gone: 'dim',
};

/** The rehearsal as a full terminal of lines, none longer and not more than fit. */
export function screen(picture: Picture, { columns, rows }: Size): string[] {
  const head = [
    [paint(picture.title, 'bold'), paint(`   ${clockText(picture.elapsedMs)}`, 'dim')],
    [paint(picture.act, 'cyan')],
  ];
  const runs = picture.runs.flatMap((run) => [[paint('', 'dim')], ...runLines(run, columns)]);
  const left = rows - head.length - runs.length - 3;
  const news = picture.news
    .slice(Math.max(0, picture.news.length - Math.max(0, left)))
    .map(({ at, mode, text, tone }) => [
      paint(`${clockText(at - picture.startedAt)}  ${nameOf(mode).padEnd(12)}  `, 'dim'),
      tone === 'plain' ? paint(text) : paint(text, tone === 'good' ? 'green' : 'red'),
    ]);
  const lines = [...head, ...runs, [paint('')], ...news];
  return lines.slice(0, rows - 1).map((line) => clip(line, columns));
}

interface Piece {
  text: string;
  colour?: Colour;
}

function runLines(run: RunPicture, columns: number): Piece[][] {
  const verdict = [
    paint(`${run.callsCut} cut`, run.callsCut > 0 ? 'red' : 'green'),
    ...(run.callsLost > 0 ? [paint(`   ${run.callsLost} lost`, 'red')] : []),
  ];
  const fleet = paint(
    `${run.desired} wanted (${run.min}–${run.max})   ${run.rooms} rooms   ${run.people} people`,
  );
  const heading = [
    paint(nameOf(run.mode).toUpperCase().padEnd(14), 'bold'),
    ...(columns < NARROW ? [...verdict, paint('   '), fleet] : [fleet, paint('   '), ...verdict]),
  ];
  return [heading, ...run.nodes.map(nodeLine)];
}

function nodeLine(node: NodePicture): Piece[] {
  const drained = node.drainingMs === undefined ? '' : ` ${Math.round(node.drainingMs / 1000)} s`;
  const phase = `${node.phase}${drained}`.padEnd(15);
  if (node.phase === 'gone') return [paint(`  ${short(node.id).padEnd(9)} ${phase}`, 'dim')];
  const counts = `${String(node.rooms).padStart(3)} rooms ${String(node.people).padStart(3)} people  cpu ${String(Math.round(node.cpu)).padStart(3)} %  `;
  return [
    paint(`  ${short(node.id).padEnd(9)} `),
    paint(phase, PHASE_COLOUR[node.phase]),
    paint(counts),
    paint('●'.repeat(node.people), PHASE_COLOUR[node.phase]),
  ];
}

function paint(text: string, colour?: Colour): Piece {
  return colour === undefined ? { text } : { text, colour };
}

/** Cut to the width of the terminal: a line that wraps would spoil the redrawing. */
function clip(pieces: readonly Piece[], columns: number): string {
  let left = columns - 1;
  let line = '';
  for (const { text, colour } of pieces) {
    const shown = [...text].slice(0, left).join('');
    left -= [...shown].length;
    line += colour === undefined ? shown : `\u001b[${COLOURS[colour]}m${shown}${PLAIN}`;
  }
  return line;
}
