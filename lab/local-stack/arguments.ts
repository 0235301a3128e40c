import { parseArgs } from 'node:util';
import { CLOUDS_TOLD, type CloudName, readCloudName } from '../cloud/names.ts';
import {
  type Environment,
  type ReadArguments,
  readingArguments,
  refuseWhatNpmTook,
  wholeNumber,
} from '../command/arguments.ts';

export interface LocalStackArguments {
  cloud: CloudName;
  /** How many times faster than real time the cloud's slow clocks run. */
  factor: number;
}

export const USAGE = `A stack on this machine to try \`pulumi\` on: the real CLI and the real program; the cloud is a twin, with a running
fleet and people in calls behind it. It lasts until Ctrl+C, and leaves nothing behind.

  npm run lab -- up [options]

  --cloud NAME   the cloud: ${CLOUDS_TOLD}                  [aws]
  --factor N     how many times faster the cloud's slow clocks run, 1 to 240                     [60]
  --help         this text

It needs the Pulumi CLI in PATH, or EBBTIDE_PULUMI with the way to it.
`;

export function readLocalStackArguments(
  argv: readonly string[],
  environment: Environment,
): ReadArguments<LocalStackArguments> {
  return readingArguments(() => read(argv, environment));
}

function read(argv: readonly string[], environment: Environment): ReadArguments<LocalStackArguments> {
  refuseWhatNpmTook(['cloud', 'factor'], environment);
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      cloud: { type: 'string', default: 'aws' },
      factor: { type: 'string', default: '60' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { kind: 'help' };
  const [command, ...others] = positionals;
  if (command === undefined) throw new Error('what to do is missing: there is "up"');
  if (command !== 'up' || others.length > 0)
    throw new Error(`there is "up", and not "${positionals.join(' ')}"`);
  return {
    kind: 'go',
    arguments: {
      cloud: readCloudName(values.cloud),
      factor: wholeNumber('--factor', values.factor, 1, 240),
    },
  };
}
