import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

/**
 * What a new user waits for at `npm start`: the first picture, and all clouds; and what it told at its end.
 *
 *   npm run bench -- rehearsal
 */
const LIMIT_MS = 5 * 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const reportSchema = v.object({
  runs: v.array(
    v.object({
      cloud: v.string(),
      mode: v.picklist(['ebbtide', 'control']),
      signalMs: v.array(v.number()),
      releaseMs: v.array(v.number()),
    }),
  ),
});

const folder = await mkdtemp(join(tmpdir(), 'ebbtide-bench-'));
try {
  const report = join(folder, 'report.json');
  const startedAt = performance.now();
  let firstMs: number | undefined;
  let output = '';
  const child = spawn('npm', ['start', '--silent', '--', '--json', report], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    // A node, not the banner, is what shows that something happens.
    if (/ has booted/.test(output)) firstMs ??= performance.now() - startedAt;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const totalMs = performance.now() - startedAt;
  console.log(output.slice(output.lastIndexOf('\n\n', output.indexOf('───'))));
  console.log(`npm start         exit code ${code}`);
  console.log(`first node        ${((firstMs ?? Number.NaN) / 1000).toFixed(1)} s after the command`);
  console.log(`all of it         ${(totalMs / 1000).toFixed(1)} s (at most ${LIMIT_MS / 1000} s)`);
  for (const run of v.parse(reportSchema, JSON.parse(await readFile(report, 'utf8'))).runs) {
    if (run.mode === 'control') continue;
    const [signals, releases] = [run.signalMs, run.releaseMs].map((times) =>
      times.map(Math.round).join(', '),
    );
    console.log(`${run.cloud.padEnd(17)} signal after [${signals}] ms, gone after empty in [${releases}] ms`);
  }
  if (code !== 0 || totalMs > LIMIT_MS) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
