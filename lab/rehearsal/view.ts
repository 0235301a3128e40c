import { NOTHING_TOLD, newLines } from './lines.ts';
import type { Picture } from './picture.ts';
import { screen } from './screen.ts';

export interface View {
  show(picture: Picture): void;
  /** Leaves the terminal as it was found, with the last picture on it. */
  end(): void;
}

const REDRAW_MS = 200;
/** For a terminal that does not tell its own. */
const USUAL_SIZE = { columns: 80, rows: 24 };
const ESCAPE = '\u001b[';

/** A terminal is redrawn; anything else gets lines. */
export function createView(out: NodeJS.WriteStream): View {
  return out.isTTY ? screenView(out) : lineView(out);
}

function screenView(out: NodeJS.WriteStream): View {
  let height = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let pending: Picture | undefined;
  // However the program ends, it leaves a terminal with a cursor.
  const showCursor = () => out.write(`${ESCAPE}?25h`);
  process.once('exit', showCursor);
  const draw = (picture: Picture) => {
    const rows = out.rows || USUAL_SIZE.rows;
    const columns = out.columns || USUAL_SIZE.columns;
    // What is left of a taller picture, or of a terminal that was made smaller, is cleared away.
    const up = height === 0 ? `${ESCAPE}?25l` : `${ESCAPE}${Math.min(height, rows - 1)}A\r${ESCAPE}J`;
    const lines = screen(picture, { columns, rows });
    out.write(`${up}${lines.map((line) => `${line}\n`).join('')}`);
    height = lines.length;
    drawnAt = performance.now();
    pending = undefined;
  };
  return {
    show(picture) {
      pending = picture;
      if (performance.now() - drawnAt >= REDRAW_MS) draw(picture);
    },
    end() {
      if (pending !== undefined) draw(pending);
      process.off('exit', showCursor);
      if (height > 0) showCursor();
    },
  };
}

function lineView(out: NodeJS.WriteStream): View {
  let told = NOTHING_TOLD;
  return {
    show(picture) {
      const next = newLines(picture, told);
      told = next.told;
      for (const line of next.lines) out.write(`${line}\n`);
    },
    end: () => undefined,
  };
}
