import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

/**
 * What a new user waits for at `npm start`: the first picture, and all of it; and what the rehearsal measured of Ebbtide.
 *
 *   npx tsx bench/rehearsal.ts
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const reportSchema = v.object({
  runs: v.array(
    v.object({
      mode: v.picklist(['ebbtide', 'control']),
      callsCut: v.number(),
      signalMs: v.array(v.number()),
      drainMs: v.array(v.number()),
      nodeSeconds: v.number(),
    }),
  ),
});

const folder = await mkdtemp(join(tmpdir(), 'ebbtide-bench-'));
try {
  const report = join(folder, 'report.json');
  const startedAt = performance.now();
  let firstMs: number | undefined;
  const child = spawn('npm', ['start', '--silent', '--', '--json', report], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (chunk: Buffer) => {
    // A node in the picture, not the banner, is what shows that something happens.
    if (chunk.toString().includes('i-')) firstMs ??= performance.now() - startedAt;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const totalMs = performance.now() - startedAt;
  console.log(`npm start         exit code ${code}`);
  console.log(`first picture     ${((firstMs ?? Number.NaN) / 1000).toFixed(1)} s after the command`);
  console.log(`all of it         ${(totalMs / 1000).toFixed(1)} s`);
  for (const run of v.parse(reportSchema, JSON.parse(await readFile(report, 'utf8'))).runs) {
    const signals = run.signalMs.map((ms) => Math.round(ms)).join(', ');
    console.log(
      `${run.mode.padEnd(17)} calls cut ${run.callsCut}, signal after [${signals}] ms, ${run.nodeSeconds} node-seconds`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
