import { appendFileSync, writeFileSync } from 'node:fs';
import { describeError } from '../../fleet/error.ts';
import { runCommand } from '../command/command.ts';
import { INTERRUPTED, NOT_OK, OK, WRONG_ARGUMENTS } from '../command/exit-codes.ts';
import { interruptible } from '../command/interruption.ts';
import { type RehearsalArguments, readArguments, USAGE } from './arguments.ts';
import { lackingFor } from './lacking.ts';
import type { Picture } from './picture.ts';
import type { Outcome } from './rehearse.ts';
import type { Report, RunReport } from './report.ts';
import { comparison } from './table.ts';
import { createView } from './view.ts';

/** `npm start`: the exit code says whether Ebbtide kept its promise. */
export function rehearsalCommand(argv: readonly string[]): Promise<number> {
  return runCommand(readArguments(argv, process.env), { typed: 'npm start', usage: USAGE, run });
}

async function run(options: RehearsalArguments): Promise<number> {
  const { clouds, json } = options;
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
  return interruptible(INTERRUPTED, (signal) => live({ ...options, clouds: able }, signal));
}

async function live({ clouds, json, ...options }: RehearsalArguments, signal: AbortSignal): Promise<number> {
  try {
    // Pulumi and all that follows is heavy: whoever asks for help does not wait for it.
    const { rehearse } = await import('./rehearse.ts');
    const outcomes: Outcome[] = [];
    for (const cloud of clouds) {
      const view = createView(process.stdout);
      const show = (picture: Picture) => view.show(picture);
      outcomes.push(await rehearse({ ...options, cloud, show, signal }).finally(() => view.end()));
    }
    const report = { ok: outcomes.every((each) => each.report.ok), runs: outcomes.flatMap(runsOf) };
    process.stdout.write(`\n${epilogue(report, outcomes.flatMap(shortcomingsOf))}\n`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
    return report.ok ? OK : NOT_OK;
  } catch (error) {
    if (signal.aborted) {
      process.stderr.write('interrupted: everything that was started has been ended\n');
      return INTERRUPTED;
    }
    process.stderr.write(`The rehearsal failed: ${describeError(error)}\n`);
    return NOT_OK;
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
