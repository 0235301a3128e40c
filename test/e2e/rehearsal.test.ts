import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report, RunReport } from '../../lab/rehearsal/report.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const MINUTE_MS = 60_000;
const SIGNAL_WITHIN_MS = 2_000;

interface Rehearsal {
  code: number | null;
  output: string;
  report: Report;
}

/** Runs what `npm start` runs, as a person would. */
function rehearse(folder: string, ...flags: string[]): Promise<Rehearsal> {
  const file = join(folder, 'report.json');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'lab/main.ts', '--cloud', 'aws', '--json', file, ...flags],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] },
  );
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

function runOf({ report, output }: Rehearsal, mode: RunReport['mode']): RunReport {
  const run = report.runs.find((each) => each.mode === mode);
  assert.ok(run, `no run ${mode}:\n${output}`);
  return run;
}

function assertKeptItsPromise(rehearsal: Rehearsal, media: RunReport['media']): void {
  const { code, report, output } = rehearsal;
  assert.equal(code, 0, output);
  assert.equal(report.ok, true, output);
  const ebbtide = runOf(rehearsal, 'ebbtide');
  const control = runOf(rehearsal, 'control');
  for (const run of [ebbtide, control]) {
    assert.equal(run.cloud, 'aws');
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
  // Without Ebbtide the same day cuts: so a cut would have been seen.
  assert.ok(control.callsCut > 0, output);
}

describe('rehearsal on a twin AWS', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-rehearsal-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('scales in without cutting a call, and cuts without Ebbtide', async function () {
    this.timeout(3 * MINUTE_MS);
    const rehearsal = await rehearse(folder);
    assertKeptItsPromise(rehearsal, 'twin');
    const { signalMs } = runOf(rehearsal, 'ebbtide');
    assert.ok(Math.max(...signalMs) <= SIGNAL_WITHIN_MS, `decision to signal: ${signalMs.join(', ')} ms`);
    assert.match(rehearsal.output, /calls cut \(people\) +0 +[1-9]/);
    assert.match(rehearsal.output, /No call was cut with Ebbtide/);
  });
});

describe('arguments of npm start', () => {
  for (const { flags, code, says } of [
    { flags: ['--help'], code: 0, says: /--livekit-server PATH/ },
    { flags: ['--cloud', 'gcp'], code: 2, says: /gcp is not there yet/ },
    { flags: ['--media', 'livekit', '--livekit-server', '/nowhere'], code: 1, says: /there is no \/nowhere/ },
  ]) {
    it(flags.join(' '), async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', 'lab/main.ts', ...flags], {
        cwd: repository,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString('utf8');
        });
      }
      const ended = await new Promise((done) => child.once('close', done));
      assert.equal(ended, code, output);
      assert.match(output, says);
    }).timeout(20_000);
  }
});
