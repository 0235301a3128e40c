import type { FleetCommand } from '../arguments.ts';
import type { Console } from '../console.ts';
import { look } from '../look.ts';
import type { Pool } from '../pool.ts';
import { viewPool } from '../view/pool-view.ts';
import { storyOf, storyOfGone } from './story.ts';

const OK = 0;
const NOT_OK = 1;
const NO_SUCH_NODE = 3;

/** Of a long list the first say enough. */
const NAMES_TOLD = 20;

/** The story of one node, also of one that is gone while its decision is kept. To an exit code. */
export async function explain(
  pool: Pool,
  { node, json }: Extract<FleetCommand, { kind: 'explain' }>,
  { out, err, signal }: Pick<Console, 'out' | 'err' | 'signal'>,
): Promise<number> {
  const { address } = pool;
  const world = await look(pool, Date.now, signal);
  const view = viewPool(address, world, pool.doubt);
  for (const problem of [...(view.doubt === undefined ? [] : [view.doubt]), ...view.problems])
    err.write(`fleet: ${problem}\n`);
  const code = view.problems.length > 0 ? NOT_OK : OK;
  const tell = (value: object, story: string[]) =>
    out.write(json ? `${JSON.stringify(value)}\n` : `${story.join('\n')}\n`);
  const row = view.nodes.find((each) => each.node === node);
  if (row !== undefined) {
    tell(row, storyOf(row, address, world.now));
    return code;
  }
  // Of machines that could not be read, it may be one.
  if (world.machines.kind === 'unknown') return NOT_OK;
  const decided = await pool.registry.readDecision(node);
  if (decided.kind === 'unknown') {
    err.write(`fleet: ${node} is not in the pool, and whether it was is not known: ${decided.reason}\n`);
    return NOT_OK;
  }
  if (decided.kind === 'decided') {
    const { decision } = decided;
    tell({ node, gone: true, decision }, storyOfGone(decision, address, world.now));
    return code;
  }
  const names = view.nodes.slice(0, NAMES_TOLD).map((each) => each.node);
  const more = view.nodes.length > NAMES_TOLD ? ', …' : '';
  const there = names.length === 0 ? '' : ` There are: ${names.join(', ')}${more}.`;
  err.write(`fleet: nothing is known of a node ${node} in the pool ${view.pool}.${there}\n`);
  return NO_SUCH_NODE;
}
