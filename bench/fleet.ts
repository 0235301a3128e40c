/**
 * How long `fleet status` takes over a pool, from its start to its end, and how much memory: the real command in a process
 * of its own, over TLS, against a store that takes 20 ms for an object and 60 ms for a page of its list.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PoolAddressOf } from '../fleet/pool-address.ts';
import { startAwsServices } from './aws-services.ts';
import { judge, memoryMb, sizes, withRequests } from './measure.ts';

const RUNS = 3;
const BUDGET_MS = 30_000;
const MEMORY_LOOK_MS = 50;

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const address: PoolAddressOf<'aws'> = {
  v: 1,
  cloud: 'aws',
  pool: 'media',
  template: 't-1',
  rules: { min: 1, max: 10_000, maxDrains: 5, coolDownMs: 60_000, warmUpMs: 60_000, warnAfterMs: 3_600_000 },
  region: 'eu-west-1',
  group: 'ebbtide-media',
  bucket: 'bench',
};

const folder = await mkdtemp(join(tmpdir(), 'ebbtide-bench-'));
const outputs = join(folder, 'outputs.json');
await writeFile(outputs, JSON.stringify({ address }));
try {
  for (const nodes of sizes(1_000, 10_000)) {
    const services = await startAwsServices(nodes);
    try {
      const runs: Awaited<ReturnType<typeof status>>[] = [];
      for (let run = 0; run < RUNS; run += 1) runs.push(await status(services.environment));
      for (const { code, lines } of runs)
        if (code !== 0 || lines < nodes) throw new Error(`it told ${lines} lines, with exit code ${code}`);
      const of = `fleet status, ${nodes} nodes`;
      judge({
        of,
        timesMs: runs.map(({ tookMs }) => tookMs),
        budgetMs: BUDGET_MS,
        memory: { peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)), budgetMb: 1_024 },
      });
      withRequests(of, services.counted(), RUNS);
    } finally {
      await services.close();
    }
  }
} finally {
  await rm(folder, { recursive: true });
}

async function status(environment: Record<string, string>) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'status', '--outputs', outputs], {
    env: { PATH: process.env.PATH, HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  let peakMb = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    lines += chunk.split('\n').length - 1;
  });
  const look = setInterval(async () => {
    const mb = await memoryMb(child.pid);
    if (mb > peakMb) peakMb = mb;
  }, MEMORY_LOOK_MS);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(look);
  return { code, lines, peakMb, tookMs: performance.now() - startedAt };
}
