import { parseArgs } from 'node:util';
import { CLOUDS_TOLD, type CloudName, readCloudName } from '../cloud/names.ts';

export interface LocalStackArguments {
  cloud: CloudName;
  /** How many times faster than real time the cloud's slow clocks run. */
  factor: number;
}

export type ReadLocalStack =
  | { kind: 'up'; arguments: LocalStackArguments }
  | { kind: 'help' }
  | { kind: 'wrong'; problem: string };

export const USAGE = `A stack on this machine to try \`pulumi\` on: the real CLI and the real program; the cloud is a twin, with a running
fleet and people in calls behind it. It lasts until Ctrl+C, and leaves nothing behind.

  npm run lab -- up [options]

  --cloud NAME   the cloud: ${CLOUDS_TOLD}                  [aws]
  --factor N     how many times faster the cloud's slow clocks run, 1 to 240                     [60]
  --help         this text

It needs the Pulumi CLI in PATH, or EBBTIDE_PULUMI with the way to it.
`;

export function readLocalStackArguments(argv: readonly string[]): ReadLocalStack {
  try {
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
    if (command === undefined) return wrong('what to do is missing: there is "up"');
    if (command !== 'up' || others.length > 0)
      return wrong(`there is "up", and not "${positionals.join(' ')}"`);
    const cloud = readCloudName(values.cloud);
    const factor = Number(values.factor);
    if (!Number.isInteger(factor) || factor < 1 || factor > 240) {
      return wrong(`--factor ${values.factor} must be a whole number from 1 to 240`);
    }
    return { kind: 'up', arguments: { cloud, factor } };
  } catch (error) {
    return wrong(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error));
  }
}

function wrong(problem: string): ReadLocalStack {
  return { kind: 'wrong', problem };
}
