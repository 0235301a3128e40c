import type { ReadArguments } from './arguments.ts';
import { OK, WRONG_ARGUMENTS } from './exit-codes.ts';

export interface Command<Arguments> {
  /** As it is typed: `npm start`. */
  typed: string;
  usage: string;
  /** Answers the exit code. */
  run(options: Arguments): Promise<number>;
}

/** One command of the lab, from what was typed to its exit code. */
export async function runCommand<Arguments>(
  read: ReadArguments<Arguments>,
  { typed, usage, run }: Command<Arguments>,
): Promise<number> {
  switch (read.kind) {
    case 'help':
      process.stdout.write(usage);
      return OK;
    case 'wrong':
      process.stderr.write(`${read.problem}\n${typed} -- --help tells what there is.\n`);
      return WRONG_ARGUMENTS;
    case 'go':
      return run(read.arguments);
  }
}
