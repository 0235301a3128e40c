import { appendFileSync, writeFileSync } from 'node:fs';
import { describeError } from '../../fleet/error.ts';
import { type RehearsalArguments, readArguments, USAGE } from './arguments.ts';
import type { Outcome } from './rehearse.ts';
import { comparison } from './table.ts';
import { createView } from './view.ts';

const OK = 0;
const NOT_OK = 1;
const WRONG_ARGUMENTS = 2;
const INTERRUPTED = 130;

/** `npm start`: the exit code says whether Ebbtide kept its promise. */
export async function rehearsalCommand(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv, process.env);
  switch (read.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return OK;
    case 'wrong':
      process.stderr.write(`${read.problem}\nnpm start -- --help tells what there is.\n`);
      return WRONG_ARGUMENTS;
    case 'rehearse':
      return run(read.arguments);
  }
}

async function run(options: RehearsalArguments): Promise<number> {
  const problem = options.json === undefined ? undefined : problemOfWriting(options.json);
  if (problem !== undefined) {
    process.stderr.write(`--json ${options.json} cannot be written: ${problem}\n`);
    return WRONG_ARGUMENTS;
  }
  const view = createView(process.stdout);
  const interrupted = new AbortController();
  const interrupt = () => {
    // Whoever asks twice does not want to wait for folders to be cleared away.
    if (interrupted.signal.aborted) process.exit(INTERRUPTED);
    interrupted.abort();
  };
  // Heard until the end: while somebody listens, nobody else ends the process.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // Nobody reads any more (`npm start | head`). Each further line fails too: that is no second asking, and the last
  // ones may fail when all is over.
  process.stdout.on('error', () => interrupted.abort());
  try {
    // Pulumi and all that follows is heavy: whoever asks for help does not wait for it.
    const { rehearse } = await import('./rehearse.ts');
    const outcome = await rehearse({
      ...options,
      show: (picture) => view.show(picture),
      signal: interrupted.signal,
    });
    view.end();
    process.stdout.write(`\n${epilogue(outcome)}\n`);
    if (options.json !== undefined)
      writeFileSync(options.json, `${JSON.stringify(outcome.report, undefined, 2)}\n`);
    return outcome.report.ok ? OK : NOT_OK;
  } catch (error) {
    view.end();
    if (interrupted.signal.aborted) {
      process.stderr.write('interrupted: everything that was started has been ended\n');
      return INTERRUPTED;
    }
    process.stderr.write(`The rehearsal failed: ${describeError(error)}\n`);
    return NOT_OK;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Known before the day is lived: its report would be lost. */
function problemOfWriting(file: string): string | undefined {
  try {
    appendFileSync(file, '');
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

function epilogue({ report, shortcomings }: Outcome): string {
  const table = comparison(report.runs).join('\n');
  if (report.ok) {
    const cut = report.runs.find(({ mode }) => mode === 'control')?.callsCut ?? 0;
    return `${table}\n\nNo call was cut with Ebbtide; without it the same day cut off ${cut} people.`;
  }
  return `${table}\n\nThis rehearsal did not show what it must:\n${shortcomings.map((text) => `  - ${text}`).join('\n')}`;
}
