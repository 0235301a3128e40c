import { appendFileSync, writeFileSync } from 'node:fs';
import { describeError } from '../../fleet/error.ts';
import type { CloudName } from '../cloud/names.ts';
import { runCommand } from '../command/command.ts';
import { INTERRUPTED, NOT_OK, OK, WRONG_ARGUMENTS } from '../command/exit-codes.ts';
import { interruptible } from '../command/interruption.ts';
import { type RehearsalArguments, readArguments, USAGE } from './arguments.ts';
import { epilogue, verdict } from './epilogue.ts';
import { findLiveKit } from './find-livekit.ts';
import { lackingFor } from './lacking.ts';
import type { Picture } from './picture.ts';
import { type LeftOut, type Outcome, reportOf } from './report.ts';
import { createView } from './view.ts';

/** `npm start`: the exit code says whether Ebbtide kept its promise. */
export function rehearsalCommand(argv: readonly string[]): Promise<number> {
  return runCommand(readArguments(argv, process.env), { typed: 'npm start', usage: USAGE, run });
}

async function run(options: RehearsalArguments): Promise<number> {
  const { clouds, json, media, livekitServer } = options;
  const problem = json === undefined ? undefined : problemOf(() => appendFileSync(json, ''));
  if (problem !== undefined) {
    // Known before the day is lived: its report would be lost.
    process.stderr.write(`--json ${json} cannot be written: ${problem}\n`);
    return WRONG_ARGUMENTS;
  }
  const noServer = media === 'livekit' ? problemOf(() => findLiveKit(livekitServer)) : undefined;
  if (noServer !== undefined) {
    process.stderr.write(`--media livekit: ${noServer}\n`);
    return NOT_OK;
  }
  const leftOut = clouds.flatMap((cloud): LeftOut[] => {
    const why = lackingFor(cloud);
    return why === undefined ? [] : [{ cloud, why }];
  });
  for (const { cloud, why } of leftOut) process.stderr.write(`${cloud} is left out: ${why}\n`);
  const able = clouds.filter((each) => !leftOut.some(({ cloud }) => cloud === each));
  if (able.length === 0) return NOT_OK;
  return interruptible(INTERRUPTED, (signal) => live({ ...options, clouds: able }, leftOut, signal));
}

async function live(
  options: RehearsalArguments,
  leftOut: readonly LeftOut[],
  signal: AbortSignal,
): Promise<number> {
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  for (const cloud of options.clouds) {
    if (outcomes.length > 0) process.stdout.write('\n');
    const outcome = await rehearseOne(options, cloud, signal);
    if (signal.aborted) break;
    outcomes.push(outcome);
    if (options.clouds.length > 1) process.stdout.write(`\n${verdict(outcome)}\n`);
  }
  const lived = new Set(outcomes.map(({ cloud }) => cloud));
  for (const cloud of options.clouds.filter((each) => !lived.has(each)))
    outcomes.push({ cloud, runs: [], shortcomings: ['interrupted before its day was over'] });
  const report = reportOf(outcomes, leftOut);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (signal.aborted) process.stderr.write('interrupted: everything that was started has been ended\n');
  if (!signal.aborted || lived.size > 0)
    process.stdout.write(`\n${epilogue(report, performance.now() - startedAt)}\n`);
  return signal.aborted ? INTERRUPTED : report.ok ? OK : NOT_OK;
}

/** A cloud that fails is no reason to know nothing of the others. */
async function rehearseOne(
  { clouds, json, ...options }: RehearsalArguments,
  cloud: CloudName,
  signal: AbortSignal,
): Promise<Outcome> {
  const view = createView(process.stdout);
  const show = (picture: Picture) => view.show(picture);
  const place = clouds.length === 1 ? '' : ` (${clouds.indexOf(cloud) + 1} of ${clouds.length})`;
  try {
    // Pulumi and all that follows is heavy: whoever asks for help does not wait for it.
    const { rehearse } = await import('./rehearse.ts');
    return await rehearse({ ...options, cloud, place, show, signal });
  } catch (error) {
    return { cloud, runs: [], shortcomings: [`the rehearsal failed: ${describeError(error)}`] };
  } finally {
    view.end();
  }
}

function problemOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
