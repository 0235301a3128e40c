import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CloudName } from '../../lab/cloud/names.ts';
import type { Report, RunReport } from '../../lab/rehearsal/report.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface Rehearsal {
  code: number | null;
  output: string;
  report: Report;
}

/** Runs what `npm start` runs, as a person would. */
export function startRehearsal(
  flags: readonly string[],
  env = process.env,
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, ['--import', 'tsx', 'lab/main.ts', ...flags], {
    cwd: repository,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** To its end, with its report. */
export function rehearse(folder: string, ...flags: string[]): Promise<Rehearsal> {
  const file = join(folder, 'report.json');
  const child = startRehearsal(['--json', file, ...flags]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => {
      try {
        done({ code, output, report: JSON.parse(readFileSync(file, 'utf8')) });
      } catch (cause) {
        failed(new Error(`the rehearsal ended with ${code} and wrote no report:\n${output}`, { cause }));
      }
    });
  });
}

export function runOf({ report, output }: Rehearsal, cloud: CloudName, mode: RunReport['mode']): RunReport {
  const run = report.runs.find((each) => each.cloud === cloud && each.mode === mode);
  assert.ok(run, `no run ${mode} of ${cloud}:\n${output}`);
  return run;
}

/** Of one cloud, whatever became of others. */
export function assertKeptItsPromise(
  rehearsal: Rehearsal,
  { cloud, media }: Pick<RunReport, 'cloud' | 'media'>,
): void {
  const { report, output } = rehearsal;
  assert.deepEqual(
    report.shortcomings.filter((text) => text.startsWith(`${cloud}: `)),
    [],
    output,
  );
  const ebbtide = runOf(rehearsal, cloud, 'ebbtide');
  const control = runOf(rehearsal, cloud, 'control');
  for (const run of [ebbtide, control]) {
    assert.equal(run.media, media);
    assert.ok(run.rooms > 0 && run.participants > 0 && run.nodeSeconds > 0, output);
  }
  assert.equal(ebbtide.callsCut, 0, output);
  assert.equal(ebbtide.callsLost, 0, output);
  assert.equal(ebbtide.leaked, 0, output);
  assert.equal(ebbtide.refusedCalls, 0, output);
  assert.ok(ebbtide.scaleIns.asked > 0, 'the group wanted no machine back');
  assert.equal(ebbtide.scaleIns.done, ebbtide.scaleIns.asked, output);
  assert.equal(ebbtide.drainMs.length, ebbtide.scaleIns.done);
  assert.equal(ebbtide.signalMs.length, ebbtide.drainMs.length);
  assert.equal(ebbtide.releaseMs.length, ebbtide.drainMs.length);
  // Without Ebbtide the same day cuts: so a cut would have been seen.
  assert.ok(control.callsCut > 0, output);
}

/** By its exit code. */
export function assertSaidSo({ code, report, output }: Rehearsal): void {
  assert.equal(report.ok, true, output);
  assert.equal(code, 0, output);
}
