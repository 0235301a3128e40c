/**
 * How long the pruner takes over a pool of 1,000 nodes, and how much memory: the real bundle in Google's own functions
 * framework, against services that take 30 ms for each answer. Each run reads the whole world, decides, abandons, marks;
 * the last also deletes.
 */
import { readFile } from 'node:fs/promises';
import type { PrunerSettings } from '../fleet/gcp-function-settings.ts';
import { NO_WORK, type NodeStatus } from '../fleet/status.ts';
import type { PruneAnswer } from '../functions/gcp/pruner/prune.ts';
import { serveGoogle } from '../test/support/google-server.ts';
import { GoogleStandIn } from '../test/support/google-stand-in.ts';
import { hostFunction } from '../test/support/hosted-function.ts';

const NODES = 1_000;
const DELAY_MS = 30;
const RUNS = 10;
const MAX_DRAINS = 5;
const BUDGET_MS = 10_000;
const BUDGET_MB = 256;

const settings: PrunerSettings = {
  pool: 'media',
  project: 'example',
  region: 'europe-west1',
  group: 'ebbtide-media',
  autoscaler: 'ebbtide-media',
  bucket: 'bench',
  minServing: 1,
  maxDrains: MAX_DRAINS * (RUNS + 2),
  coolDownMs: 0,
  warmUpMs: 0,
  lowForMs: 0,
  warnAfterMs: 3_600_000,
};

const google = new GoogleStandIn();
const nameOf = (index: number) => `ebbtide-media-${index.toString(36).padStart(4, '0')}`;
for (let index = 0; index < NODES; index += 1) google.addMachine(nameOf(index), String(10_000 + index));

const server = await serveGoogle(google, DELAY_MS);
const hosted = await hostFunction('pruner', 'prune', {
  ...server.environment,
  EBBTIDE_SETTINGS: JSON.stringify(settings),
});
try {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    say();
    google.recommend(google.members.size - MAX_DRAINS);
    const startedAt = performance.now();
    const answer = await wake();
    times.push(performance.now() - startedAt);
    if (answer.decided.length !== MAX_DRAINS || answer.failures.length > 0)
      throw new Error(`${MAX_DRAINS} should have been decided: ${JSON.stringify(answer)}`);
  }
  const sorted = [...times].sort((a, b) => a - b);
  const worst = sorted.at(-1) ?? Number.NaN;
  const median = sorted[RUNS / 2] ?? Number.NaN;
  const peakMb = await peakMemoryMb(hosted.pid);
  const verdict = worst <= BUDGET_MS && peakMb <= BUDGET_MB ? 'ok' : 'TOO MUCH';
  console.log(
    `pruner, ${NODES} nodes, services ${DELAY_MS} ms: median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms of ${RUNS} ` +
      `(at most ${BUDGET_MS} ms), ${peakMb.toFixed(0)} MB (at most ${BUDGET_MB} MB): ${verdict}`,
  );
  if (verdict !== 'ok') process.exitCode = 1;
} finally {
  await hosted.close();
  server.close();
}

async function wake(): Promise<PruneAnswer> {
  const response = await fetch(hosted.url, { method: 'POST' });
  return (await response.json()) as PruneAnswer;
}

async function peakMemoryMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(text)?.[1]) / 1024;
}

/** Every node says how it is, now. */
function say(): void {
  const now = new Date().toISOString();
  for (const [index, { name, id, zone }] of [...google.instances.values()].entries()) {
    const status: NodeStatus = {
      v: 1,
      node: name,
      machine: id,
      pool: 'media',
      cloud: 'gcp',
      zone,
      address: '10.0.0.1',
      software: { agent: '0.1.0', template: 't-1' },
      phase: 'serving',
      since: now,
      at: now,
      bootedAt: now,
      work: { ...NO_WORK, rooms: 1 + (index % 40), people: index % 200 },
      capacity: 400,
      load: 0.3,
      cpu: 0.3,
      protected: false,
      media: [{ name: 'livekit', version: '1.13.5', id: '4242@1000', state: 'running', startedAt: now }],
    };
    google.put(`statuses/${name}.json`, status);
  }
}
