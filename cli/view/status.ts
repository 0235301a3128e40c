import type { FleetCommand } from '../arguments.ts';
import type { Console } from '../console.ts';
import { look } from '../look.ts';
import type { Pool } from '../pool.ts';
import { viewPool } from './pool-view.ts';
import { tableOf } from './table.ts';

const OK = 0;
const NOT_OK = 1;
const INTERRUPTED = 130;

const CLEAR = '\u001b[H\u001b[2J';

/** On a terminal it is drawn anew until somebody interrupts; anywhere else it is told once. */
export async function status(
  pool: Pool,
  { json, once, everyMs }: Extract<FleetCommand, { kind: 'status' }>,
  { out, environment, signal, sleep }: Console,
): Promise<number> {
  const isTerminal = out.isTTY === true && !json;
  const isLive = isTerminal && !once && environment.TERM !== 'dumb';
  let code = INTERRUPTED;
  while (true) {
    const world = await look(pool, Date.now, signal);
    // What an interrupted look has not read is of no use to anybody, and would take the place of what was.
    if (signal.aborted) return code;
    const view = viewPool(pool.address, world, pool.doubt);
    code = view.problems.length > 0 ? NOT_OK : OK;
    if (json) out.write(`${JSON.stringify(view)}\n`);
    else {
      const rows = isLive ? out.rows : undefined;
      const lines = tableOf(view, isTerminal ? { columns: out.columns, rows } : {});
      out.write(`${isLive ? CLEAR : ''}${lines.join('\n')}\n`);
    }
    if (!isLive) return code;
    await sleep(everyMs);
    if (signal.aborted) return code;
  }
}
