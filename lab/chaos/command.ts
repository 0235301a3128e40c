import { runCommand } from '../command/command.ts';
import { NOT_OK as FOUND, OK, WRONG_ARGUMENTS } from '../command/exit-codes.ts';
import { type ChaosArguments, readArguments, USAGE } from './arguments.ts';
import type { Guard } from './guard.ts';
import { describe } from './happening.ts';
import { runMutants } from './mutants.ts';
import { type Runner, TESTED } from './runner.ts';
import { type Finding, search } from './search.ts';
import { progressLine, type Summary, summaryLines } from './summary.ts';

const TELL_EVERY_MS = 1_000;

/** `npm run chaos`: the exit code says whether anything was found. */
export function chaosCommand(argv: readonly string[]): Promise<number> {
  return runCommand(readArguments(argv, Object.keys(TESTED)), { typed: 'npm run chaos', usage: USAGE, run });
}

async function run(options: ChaosArguments): Promise<number> {
  const tested = TESTED[options.cloud];
  if (tested === undefined) throw new Error(`no world of ${options.cloud} is there`);
  switch (options.kind) {
    case 'runs':
      return runMany(tested.run, options);
    case 'replay':
      return replay(tested.run, options);
    case 'mutants':
      return tryMutants(tested.guards, options);
  }
}

async function runMany(
  runner: Runner,
  { cloud, seed, runs, json }: Extract<ChaosArguments, { kind: 'runs' }>,
): Promise<number> {
  const startedAt = performance.now();
  const tookMs = () => performance.now() - startedAt;
  let toldAt = startedAt;
  const { summary, finding } = await search(runner, seed, runs, (soFar) => {
    if (json || performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    tellProgress(soFar, runs, tookMs());
  });
  if (json) {
    const found =
      finding === undefined ? {} : { seed: finding.seed, violation: finding.violation, only: finding.only };
    print(JSON.stringify({ ...summary, tookMs: Math.round(tookMs()), ...found }));
  } else {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
    for (const line of summaryLines(summary, tookMs())) print(line);
    for (const line of finding === undefined ? ['nothing was found'] : findingLines(finding, cloud))
      print(line);
  }
  return finding === undefined ? OK : FOUND;
}

async function tryMutants(
  guards: readonly Guard[],
  options: Extract<ChaosArguments, { kind: 'mutants' }>,
): Promise<number> {
  const { guard: part = '' } = options;
  const chosen = guards.filter(({ name }) => name.includes(part));
  if (chosen.length === 0) {
    const names = guards.map(({ name }) => `  ${name}`).join('\n');
    process.stderr.write(`--guard ${part} is in the name of no guard; there is\n${names}\n`);
    return WRONG_ARGUMENTS;
  }
  return (await runMutants(chosen, options, print)) ? OK : FOUND;
}

/** On a terminal one line that changes; elsewhere nothing, as a log is not to be filled. */
function tellProgress(soFar: Summary, runs: number, tookMs: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${progressLine(soFar, runs, tookMs)}`);
}

async function replay(
  runner: Runner,
  { seed, only }: Extract<ChaosArguments, { kind: 'replay' }>,
): Promise<number> {
  const { history, violation } = await runner(seed, only);
  for (const told of history) print(describe(told));
  print(violation === undefined ? 'nothing is wrong' : `WRONG: ${violation}`);
  return violation === undefined ? OK : FOUND;
}

function findingLines({ seed, violation, only, steps, least }: Finding, cloud: string): string[] {
  return [
    '',
    `WRONG: ${violation}`,
    `seed ${seed}; ${only.length} of its ${steps} steps are enough: ${least.violation ?? 'nothing'}`,
    '',
    ...least.history.map(describe),
    '',
    `Again: npm run chaos -- --cloud ${cloud} --seed ${seed} --only ${only.length === 0 ? "''" : only.join(',')}`,
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
