import { describeError } from '../fleet/error.ts';
import type { PoolAddress } from '../fleet/pool-address.ts';
import { act } from './act.ts';
import { type FleetCommand, readArguments } from './arguments.ts';
import { connect } from './clouds/connect.ts';
import type { Console } from './console.ts';
import { explain } from './explain/explain.ts';
import { look } from './look.ts';
import type { Pool } from './pool.ts';
import { policyOf } from './rights/policy.ts';
import { readAddress } from './stack/read-address.ts';
import { readSecrets } from './stack/read-secrets.ts';
import { USAGE, USAGE_OF } from './usage.ts';
import { viewPool } from './view/pool-view.ts';
import { tableOf } from './view/table.ts';

const OK = 0;
const NOT_OK = 1;
const WRONG_USAGE = 2;

/** One command line, to its exit code. */
export async function fleet(argv: readonly string[], console: Console): Promise<number> {
  const command = readArguments(argv);
  switch (command.kind) {
    case 'help':
      console.out.write(command.of === undefined ? USAGE : USAGE_OF[command.of]);
      return OK;
    case 'wrong':
      console.err.write(`fleet: ${command.problem}\nnpm run fleet -- --help tells what there is.\n`);
      return WRONG_USAGE;
    default:
      try {
        const { source } = command;
        const address = await readAddress(source);
        if (command.kind === 'policy') return policy(address, command, console);
        const pool = await connect(address, console.environment, () => readSecrets(source));
        return await run(pool, command, console);
      } catch (error) {
        console.err.write(`fleet: ${describeError(error)}\n`);
        return NOT_OK;
      }
  }
}

function run(
  pool: Pool,
  command: Exclude<FleetCommand, { kind: 'help' | 'wrong' | 'policy' }>,
  console: Console,
): Promise<number> {
  switch (command.kind) {
    case 'status':
      return status(pool, command, console);
    case 'explain':
      return explain(pool, command, console);
    case 'remove':
    case 'remove-all':
    case 'roll':
      return act(pool, command, console);
    default:
      return command satisfies never;
  }
}

/** What is to be put into a file stands apart from what is told to people. */
function policy(
  address: PoolAddress,
  { task, json }: Extract<FleetCommand, { kind: 'policy' }>,
  { out, err }: Console,
): number {
  const { text, steps } = policyOf(address, task);
  if (json) out.write(`${JSON.stringify({ cloud: address.cloud, pool: address.pool, task, text, steps })}\n`);
  else {
    out.write(`${text}\n`);
    err.write(`${steps.join('\n')}\n`);
  }
  return OK;
}

const CLEAR = '\u001b[H\u001b[2J';

/** On a terminal it is drawn anew until somebody interrupts; anywhere else it is told once. */
async function status(
  pool: Pool,
  { json, once, everyMs }: Extract<FleetCommand, { kind: 'status' }>,
  { out, signal, sleep }: Console,
): Promise<number> {
  const isLive = out.isTTY === true && !once && !json;
  while (true) {
    const view = viewPool(pool.address, await look(pool, Date.now, signal), pool.doubt);
    if (json) out.write(`${JSON.stringify(view)}\n`);
    else {
      const lines = tableOf(view, out.isTTY === true ? out.columns : undefined);
      out.write(`${isLive ? CLEAR : ''}${lines.join('\n')}\n`);
    }
    const code = view.problems.length > 0 ? NOT_OK : OK;
    if (!isLive || signal.aborted) return code;
    await sleep(everyMs);
    if (signal.aborted) return code;
  }
}
