import { parseArgs } from 'node:util';
import { CLOUDS_TOLD } from '../cloud/names.ts';
import { type ReadArguments, readingArguments, wholeNumber } from '../command/arguments.ts';

export type ChaosArguments =
  | { kind: 'runs'; cloud: string; runs: number; seed: number; json: boolean }
  /** One schedule again, with its whole trace; `only`: with these of its steps. */
  | { kind: 'replay'; cloud: string; seed: number; only: number[] }
  /** `guard`: only those whose name has that in it; undefined: all. */
  | { kind: 'mutants'; cloud: string; runs: number; seed: number; guard: string | undefined };

export const USAGE = `Lives through seeded schedules of faults in virtual time: the agent's core and its real adapters, the functions' use
cases and the twin cloud, with everything that must never happen checked at every step.

  npm run chaos -- [options]

  --cloud NAME     the cloud to put to the test: ${CLOUDS_TOLD}                          [aws]
  --runs N         how many schedules, 1 to 1000000                                                    [1000]
  --seed N         the seed of the first; each further one has the next                                [1]
  --only A,B,…     one schedule again, of --seed, with only these of its steps; its trace is printed
                   (--only all: with all of them)
  --mutants        takes out one guard of the source after the other, in a copy, and tells after how many runs
                   the harness finds that; fails where it does not within --runs
  --guard PART     with --mutants: only the guards whose name has PART in it
  --json           the summary as JSON, and nothing else
  --help           this text

Exit code: 0 nothing wrong, 1 something was found (its seed and the fewest steps that show it are printed), 2 wrong usage.
`;

export function readArguments(
  argv: readonly string[],
  clouds: readonly string[],
): ReadArguments<ChaosArguments> {
  return readingArguments(() => read(argv, clouds));
}

function read(argv: readonly string[], clouds: readonly string[]): ReadArguments<ChaosArguments> {
  const { values } = parseArgs({
    args: [...argv],
    allowPositionals: false,
    options: {
      cloud: { type: 'string', default: 'aws' },
      runs: { type: 'string' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      guard: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { kind: 'help' };
  const { cloud, only, mutants, guard, json } = values;
  if (!clouds.includes(cloud))
    throw new Error(`--cloud ${cloud} cannot be put to the test; there is ${clouds.join(', ')}`);
  const seed = wholeNumber('--seed', values.seed, 0, 4_294_967_295);
  if (guard !== undefined && !mutants)
    throw new Error('--guard chooses among what --mutants takes out: it goes with that only');
  if (only !== undefined) {
    if (mutants || json || values.runs !== undefined)
      throw new Error('--only replays one schedule: it goes with --cloud and --seed alone');
    return { kind: 'go', arguments: { kind: 'replay', cloud, seed, only: places(only) } };
  }
  const runs = wholeNumber('--runs', values.runs ?? '1000', 1, 1_000_000);
  if (mutants && json) throw new Error('--json is of no use with --mutants');
  if (mutants) return { kind: 'go', arguments: { kind: 'mutants', cloud, runs, seed, guard } };
  return { kind: 'go', arguments: { kind: 'runs', cloud, runs, seed, json } };
}

/** More steps than any schedule has. */
const ALL = Array.from({ length: 1_000 }, (_, place) => place);

function places(written: string): number[] {
  if (written === 'all') return ALL;
  if (written === '') return [];
  return written.split(',').map((place) => wholeNumber('--only', place, 0, 999));
}
