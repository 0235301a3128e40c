import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/**
 * Text as it may stand on a terminal. What nodes, clouds and people wrote is shown to an operator: a control character in it
 * would be a command to his terminal, and a change of direction would show another text than was written.
 */
export function printable(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD');
}

/** How many columns of a terminal it takes. */
export function cellsOf(text: string): number {
  return stringWidth(text);
}

export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - cellsOf(text)));
  return align === 'left' ? `${text}${blanks}` : `${blanks}${text}`;
}

/** Where it is too long, its end is an ellipsis. */
export function clip(text: string, width: number): string {
  return cellsOf(text) <= width ? text : cliTruncate(text, width);
}

const INSET = '  ';

/** Between words where that is possible; what follows is set in by two. Nothing of it is lost. */
export function wrap(text: string, width: number): string[] {
  if (cellsOf(text) <= width) return [text];
  const margin = /^ */.exec(text)?.[0] ?? '';
  const room = Math.max(1, width - margin.length - INSET.length);
  const lines = wrapAnsi(text.trim(), room, { hard: true }).split('\n');
  return lines.map((line, index) => clip(`${margin}${index === 0 ? '' : INSET}${line}`, width));
}
