import { readingOf } from '../../fleet/registry.ts';
import type { FleetCommand } from '../arguments.ts';
import type { Console } from '../console.ts';
import { look } from '../look.ts';
import type { Pool } from '../pool.ts';
import { lastWordsOf, viewPool } from '../view/pool-view.ts';
import { printable } from '../view/text.ts';
import { whoIsThere } from '../view/who-is-there.ts';
import { storyOf, storyOfGone } from './story.ts';

const OK = 0;
const NOT_OK = 1;
const NO_SUCH_NODE = 3;
const INTERRUPTED = 130;

/** The story of one node, also of one that is gone while its decision is kept. To an exit code. */
export async function explain(
  pool: Pool,
  { node, json }: Extract<FleetCommand, { kind: 'explain' }>,
  { out, err, signal }: Pick<Console, 'out' | 'err' | 'signal'>,
): Promise<number> {
  const { address } = pool;
  const world = await look(pool, Date.now, signal, { lastWordsOf: new Set([node]) });
  if (signal.aborted) return INTERRUPTED;
  const view = viewPool(address, world, pool.doubt);
  const warn = (text: string) => err.write(`fleet: ${printable(text)}\n`);
  for (const problem of [...(view.doubt === undefined ? [] : [view.doubt]), ...view.problems]) warn(problem);
  const code = view.problems.length > 0 ? NOT_OK : OK;
  const tell = (value: object, story: string[]) =>
    out.write(json ? `${JSON.stringify(value)}\n` : `${story.map(lineOf).join('\n')}\n`);
  // Of machines that could not be read, it may be one.
  if (view.nodes === undefined) return NOT_OK;
  const row = view.nodes.find((each) => each.node === node);
  if (row !== undefined) {
    tell(row, storyOf(row, address, world.now));
    return code;
  }
  const decided = await pool.registry.readDecision(node);
  if (decided.kind === 'unknown') {
    warn(`${node} is not in the pool, and whether it was is not known: ${decided.reason}`);
    return NOT_OK;
  }
  const decision = decided.kind === 'decided' ? decided.decision : undefined;
  const last = lastWordsOf(readingOf(world.fleet, node), true);
  if (decision !== undefined || last !== undefined) {
    tell({ node, gone: true, decision, last }, storyOfGone({ node, decision, last }, address, world.now));
    return code;
  }
  const there = whoIsThere(view.nodes.map((each) => each.node));
  warn(`nothing is known of a node ${node} in the pool ${view.pool}.${there}`);
  return code === OK ? NO_SUCH_NODE : code;
}

/** Some are set in. */
function lineOf(text: string): string {
  return `${/^ */.exec(text)?.[0] ?? ''}${printable(text.trimStart())}`;
}
