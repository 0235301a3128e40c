import { describeError } from '../../fleet/error.ts';
import { lackingFor } from '../rehearsal/lacking.ts';
import { readLocalStackArguments, USAGE } from './arguments.ts';
import { findPulumi } from './pulumi.ts';

const OK = 0;
const NOT_OK = 1;
const WRONG_ARGUMENTS = 2;

const NO_PULUMI = `There is no pulumi in PATH, and EBBTIDE_PULUMI does not name one.
Get it from https://www.pulumi.com/docs/install/, or say where it is: EBBTIDE_PULUMI=/somewhere/pulumi npm run lab -- up
`;

/** `npm run lab`: until it is interrupted. */
export async function localStackCommand(argv: readonly string[]): Promise<number> {
  const read = readLocalStackArguments(argv);
  switch (read.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return OK;
    case 'wrong':
      process.stderr.write(`${read.problem}\nnpm run lab -- --help tells what there is.\n`);
      return WRONG_ARGUMENTS;
    case 'up':
      break;
  }
  const program = findPulumi(process.env);
  if (program === undefined) {
    process.stderr.write(NO_PULUMI);
    return NOT_OK;
  }
  const lacking = lackingFor(read.arguments.cloud);
  if (lacking !== undefined) {
    process.stderr.write(`${read.arguments.cloud}: ${lacking}\n`);
    return NOT_OK;
  }
  const interrupted = new AbortController();
  const interrupt = () => {
    // Whoever asks twice does not want to wait for folders to be cleared away.
    if (interrupted.signal.aborted) process.exit(NOT_OK);
    interrupted.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.stdout.on('error', () => interrupted.abort());
  try {
    // Pulumi and all that follows is heavy: whoever asks for help does not wait for it.
    const { runLocalStack } = await import('./run.ts');
    await runLocalStack({
      ...read.arguments,
      program,
      say: (line) => process.stdout.write(`${line}\n`),
      signal: interrupted.signal,
    });
    return OK;
  } catch (error) {
    if (interrupted.signal.aborted) return OK;
    process.stderr.write(`The local stack failed: ${describeError(error)}\n`);
    return NOT_OK;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
