import { describeError } from '../../fleet/error.ts';
import { runCommand } from '../command/command.ts';
import { NOT_OK, OK } from '../command/exit-codes.ts';
import { interruptible } from '../command/interruption.ts';
import { lackingFor } from '../rehearsal/lacking.ts';
import { type LocalStackArguments, readLocalStackArguments, USAGE } from './arguments.ts';
import { findPulumi } from './pulumi.ts';

const NO_PULUMI = `There is no pulumi in PATH, and EBBTIDE_PULUMI does not name one.
Get it from https://www.pulumi.com/docs/install/, or say where it is: EBBTIDE_PULUMI=/somewhere/pulumi npm run lab -- up
`;

/** `npm run lab`: until it is interrupted. */
export function localStackCommand(argv: readonly string[]): Promise<number> {
  return runCommand(readLocalStackArguments(argv, process.env), { typed: 'npm run lab', usage: USAGE, run });
}

async function run(options: LocalStackArguments): Promise<number> {
  const program = findPulumi(process.env);
  if (program === undefined) {
    process.stderr.write(NO_PULUMI);
    return NOT_OK;
  }
  const lacking = lackingFor(options.cloud);
  if (lacking !== undefined) {
    process.stderr.write(`${options.cloud}: ${lacking}\n`);
    return NOT_OK;
  }
  return interruptible(NOT_OK, (signal) => live(options, program, signal));
}

async function live(options: LocalStackArguments, program: string, signal: AbortSignal): Promise<number> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  try {
    say(`A twin of ${options.cloud} and Pulumi are loaded: half a minute at most …`);
    // Pulumi and all that follows is heavy: whoever asks for help does not wait for it.
    const { runLocalStack } = await import('./run.ts');
    await runLocalStack({
      ...options,
      program,
      say,
      signal,
    });
    return OK;
  } catch (error) {
    if (signal.aborted) return OK;
    process.stderr.write(`The local stack failed: ${describeError(error)}\n`);
    return NOT_OK;
  }
}
