/**
 * How long the pruner takes over a pool of 1,000 nodes, and how much memory: the real bundle in Google's own functions
 * framework, against services that take 30 ms for each answer. Each run reads the whole world, decides, abandons, marks;
 * the last also deletes.
 */
import type { PrunerSettings } from '../fleet/gcp-function-settings.ts';
import type { PruneAnswer } from '../functions/gcp/pruner/prune.ts';
import { serveGoogle } from '../test/support/google-server.ts';
import { GoogleStandIn } from '../test/support/google-stand-in.ts';
import { hostFunction } from '../test/support/hosted-function.ts';
import { busyStatus, judge, memoryMb } from './measure.ts';

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
  judge({
    of: `pruner, ${NODES} nodes, services ${DELAY_MS} ms`,
    timesMs: times,
    budgetMs: BUDGET_MS,
    memory: { peakMb: await memoryMb(hosted.pid), budgetMb: BUDGET_MB },
  });
} finally {
  await hosted.close();
  server.close();
}

async function wake(): Promise<PruneAnswer> {
  const response = await fetch(hosted.url, { method: 'POST' });
  return (await response.json()) as PruneAnswer;
}

/** Every node says how it is, now. */
function say(): void {
  for (const [index, { name, id, zone }] of [...google.instances.values()].entries())
    google.put(`statuses/${name}.json`, busyStatus(index, { node: name, machine: id, cloud: 'gcp', zone }));
}
