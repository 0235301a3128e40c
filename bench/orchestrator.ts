/**
 * How long the orchestrator takes over a pool of 1,000 droplets, and how much memory: the real bundle, called as
 * DigitalOcean calls it, against services that take 30 ms for each answer. Each run reads the whole world, decides and tags.
 */
import type { OrchestratorAnswer } from '../functions/digitalocean/orchestrator/orchestrate.ts';
import { hostAction } from '../test/support/hosted-action.ts';
import { OceanStandIn } from '../test/support/ocean-stand-in.ts';
import { orchestratorParameters, USER_DATA, USER_DATA_KEY } from '../test/support/orchestrator-parameters.ts';
import { serveStandIn } from '../test/support/stand-in-server.ts';
import { busyStatus, judge } from './measure.ts';

const NODES = 1_000;
const DELAY_MS = 30;
const RUNS = 10;
const MAX_DRAINS = 5;
const BUDGET_MS = 30_000;
const BUDGET_MB = 256;

const ocean = new OceanStandIn();
ocean.dropletLimit = 2 * NODES;
ocean.put(USER_DATA_KEY, USER_DATA);
for (let index = 0; index < NODES; index += 1)
  ocean.addDroplet(`ebbtide-media-${index.toString(36).padStart(8, '0')}`);

const event = orchestratorParameters({
  max: NODES,
  maxDrains: MAX_DRAINS * (RUNS + 2),
  lowForMs: 0,
  warmUpMs: 0,
});
const server = await serveStandIn((request) => ocean.answer(request), DELAY_MS);
const hosted = await hostAction('orchestrator', {
  DIGITALOCEAN_API_URL: server.url,
  SPACES_ENDPOINT_URL: server.url,
});
try {
  const times: number[] = [];
  let peakMb = 0;
  for (let run = 0; run < RUNS; run += 1) {
    // Five fewer are enough each time.
    say((0.5 * 0.8 * (NODES - MAX_DRAINS * (run + 1))) / NODES);
    const startedAt = performance.now();
    const called = await hosted.call(event);
    times.push(performance.now() - startedAt);
    peakMb = called.peakMb;
    const { decided, failures } = called.answer.body as OrchestratorAnswer;
    if (decided.length !== MAX_DRAINS || failures.length > 0)
      throw new Error(`${MAX_DRAINS} should have been decided: ${JSON.stringify({ decided, failures })}`);
  }
  judge({
    of: `orchestrator, ${NODES} droplets, services ${DELAY_MS} ms`,
    timesMs: times,
    budgetMs: BUDGET_MS,
    memory: { peakMb, budgetMb: BUDGET_MB },
  });
} finally {
  await hosted.close();
  server.close();
}

/** Every node says how it is, now. */
function say(cpu: number): void {
  for (const [index, { name, id }] of [...ocean.droplets.values()].entries()) {
    const own = { node: name, machine: String(id), cloud: 'digitalocean', zone: 'fra1' } as const;
    ocean.say(busyStatus(index, { ...own, load: cpu, cpu }));
  }
}
