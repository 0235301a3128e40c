import { describeError } from '../fleet/error.ts';
import type { PoolAddress } from '../fleet/pool-address.ts';
import { VERSION } from '../fleet/version.ts';
import { act } from './act.ts';
import { type FleetCommand, readArguments } from './arguments.ts';
import { connect } from './clouds/connect.ts';
import type { Console } from './console.ts';
import { explain } from './explain/explain.ts';
import type { Pool } from './pool.ts';
import { policyOf } from './rights/policy.ts';
import { fromWhereTyped } from './stack/outputs.ts';
import { readAddress } from './stack/read-address.ts';
import { readSecrets } from './stack/read-secrets.ts';
import { USAGE, USAGE_OF } from './usage.ts';
import { status } from './view/status.ts';
import { printable } from './view/text.ts';

const OK = 0;
const NOT_OK = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

/** One command line, to its exit code. */
export async function fleet(argv: readonly string[], console: Console): Promise<number> {
  const command = readArguments(argv);
  switch (command.kind) {
    case 'version':
      console.out.write(`${VERSION}\n`);
      return OK;
    case 'help':
      console.out.write(command.of === undefined ? USAGE : USAGE_OF[command.of]);
      return OK;
    case 'wrong':
      console.err.write(`fleet: ${command.problem}\nnpm run fleet -- --help tells what there is.\n`);
      return WRONG_USAGE;
    default:
      try {
        const source = fromWhereTyped(command.source, console.environment);
        const address = await readAddress(source);
        if (command.kind === 'policy') return policy(address, command, console);
        const pool = await connect(address, console.environment, () => readSecrets(source));
        return await run(pool, command, console);
      } catch (error) {
        if (console.signal.aborted) return INTERRUPTED;
        console.err.write(`fleet: ${printable(describeError(error))}\n`);
        return NOT_OK;
      }
  }
}

function run(
  pool: Pool,
  command: Exclude<FleetCommand, { kind: 'help' | 'version' | 'wrong' | 'policy' }>,
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
