/**
 * How long the pruner takes over a pool, and how much memory and processor: the real bundle in Google's own functions
 * framework, against services that take 300 ms for a page of machines and 30 ms for all else. Each run reads the whole
 * world, decides, abandons, marks. A regional group has 2,000 machines at most.
 */
import type { PrunerSettings } from '../fleet/gcp-function-settings.ts';
import type { PruneAnswer } from '../functions/gcp/pruner/prune.ts';
import { serveGoogle } from '../test/support/google-server.ts';
import { GoogleStandIn } from '../test/support/google-stand-in.ts';
import { hostFunction } from '../test/support/hosted-function.ts';
import type { StandInRequest } from '../test/support/stand-in-server.ts';
import { busyStatus, judge, memoryMb, processorMs, sizes } from './measure.ts';

const RUNS = 5;
const MAX_DRAINS = 5;
/** Reading is over after 20 s, and what is not read by then is unknown. */
const BUDGET_MS = 20_000;
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
const nameOf = (index: number) => `ebbtide-media-${index.toString(36).padStart(4, '0')}`;

for (const nodes of sizes(1_000, 2_000, 10_000)) {
  const google = new GoogleStandIn();
  for (let index = 0; index < nodes; index += 1) google.addMachine(nameOf(index), String(10_000 + index));
  const server = await serveGoogle(google, delayOf);
  const hosted = await hostFunction('pruner', 'prune', {
    ...server.environment,
    EBBTIDE_SETTINGS: JSON.stringify(settings),
  });
  try {
    const times: number[] = [];
    let cpuMs = 0;
    for (let run = 0; run < RUNS; run += 1) {
      say(google);
      google.recommend(google.members.size - MAX_DRAINS);
      const [startedAt, cpuBefore] = [performance.now(), await processorMs(hosted.pid)];
      const response = await fetch(hosted.url, { method: 'POST' });
      const answer = (await response.json()) as PruneAnswer;
      times.push(performance.now() - startedAt);
      cpuMs = Math.max(cpuMs, (await processorMs(hosted.pid)) - cpuBefore);
      if (answer.decided.length !== MAX_DRAINS || answer.failures.length > 0)
        throw new Error(`${MAX_DRAINS} should have been decided: ${JSON.stringify(answer).slice(0, 2_000)}`);
    }
    judge({
      of: `pruner, ${nodes} nodes`,
      timesMs: times,
      budgetMs: BUDGET_MS,
      memory: { peakMb: await memoryMb(hosted.pid), budgetMb: BUDGET_MB },
      processor: { ms: cpuMs, share: 1 },
    });
  } finally {
    await hosted.close();
    server.close();
  }
}

function delayOf({ url }: StandInRequest): number {
  return /aggregated|listManagedInstances$/.test(url.pathname) ? 300 : 30;
}

/** Every node says how it is, now. */
function say(google: GoogleStandIn): void {
  for (const [index, { name, id, zone }] of [...google.instances.values()].entries())
    google.put(`statuses/${name}.json`, busyStatus(index, { node: name, machine: id, cloud: 'gcp', zone }));
}
