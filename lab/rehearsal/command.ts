import { appendFileSync, writeFileSync } from 'node:fs';
import { describeError } from '../../fleet/error.ts';
import { type RehearsalArguments, readArguments, USAGE } from './arguments.ts';
import { lackingFor } from './lacking.ts';
import type { Picture } from './picture.ts';
import type { Outcome } from './rehearse.ts';
import type { Report, RunReport } from './report.ts';
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

async function run({ clouds, json, ...options }: RehearsalArguments): Promise<number> {
  const problem = json === undefined ? undefined : problemOfWriting(json);
  if (problem !== undefined) {
    process.stderr.write(`--json ${json} cannot be written: ${problem}\n`);
    return WRONG_ARGUMENTS;
  }
  const able = clouds.filter((cloud) => {
    const lacking = lackingFor(cloud);
    if (lacking !== undefined) process.stderr.write(`${cloud} is left out: ${lacking}\n`);
    return lacking === undefined;
  });
  if (able.length === 0) return NOT_OK;
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
    const outcomes: Outcome[] = [];
    for (const cloud of able) {
      const view = createView(process.stdout);
      const show = (picture: Picture) => view.show(picture);
      outcomes.push(
        await rehearse({ ...options, cloud, show, signal: interrupted.signal }).finally(() => view.end()),
      );
    }
    const report = { ok: outcomes.every((each) => each.report.ok), runs: outcomes.flatMap(runsOf) };
    process.stdout.write(`\n${epilogue(report, outcomes.flatMap(shortcomingsOf))}\n`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
    return report.ok ? OK : NOT_OK;
  } catch (error) {
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

function runsOf({ report }: Outcome): RunReport[] {
  return report.runs;
}

function shortcomingsOf({ report, shortcomings }: Outcome): string[] {
  const cloud = report.runs[0]?.cloud;
  return shortcomings.map((text) => `${cloud}: ${text}`);
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

function epilogue({ ok, runs }: Report, shortcomings: readonly string[]): string {
  const table = comparison(runs).join('\n');
  if (ok) {
    const cut = runs.reduce((sum, { mode, callsCut }) => (mode === 'control' ? sum + callsCut : sum), 0);
    const days = new Set(runs.map(({ cloud }) => cloud)).size > 1 ? 'the same days' : 'the same day';
    return `${table}\n\nNo call was cut with Ebbtide; without it ${days} cut off ${cut} people.`;
  }
  return `${table}\n\nThis rehearsal did not show what it must:\n${shortcomings.map((text) => `  - ${text}`).join('\n')}`;
}
