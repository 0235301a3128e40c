/**
 * How long the orchestrator takes over a pool, and how much memory: the real bundle, called as DigitalOcean calls it,
 * against services that take 300 ms for a page of droplets and 30 ms for all else. Each run reads the whole world, decides
 * and tags. Spaces takes 800 requests a second for one bucket, of which nodes need their part.
 */
import type { OrchestratorAnswer } from '../functions/digitalocean/orchestrator/orchestrate.ts';
import { hostAction } from '../test/support/hosted-action.ts';
import { OceanStandIn } from '../test/support/ocean-stand-in.ts';
import { orchestratorParameters, USER_DATA, USER_DATA_KEY } from '../test/support/orchestrator-parameters.ts';
import { type StandInRequest, serveStandIn } from '../test/support/stand-in-server.ts';
import { busyStatus, judge, sizes } from './measure.ts';

const RUNS = 5;
const MAX_DRAINS = 5;
/** Reading is over after 25 s, and what is not read by then is unknown. */
const BUDGET_MS = 25_000;
const BUDGET_MB = 256;
/** What DigitalOcean takes from one token. */
const API_AN_HOUR = 5_000;

for (const nodes of sizes(1_000, 2_000, 10_000)) {
  const ocean = new OceanStandIn();
  ocean.dropletLimit = 2 * nodes;
  ocean.put(USER_DATA_KEY, USER_DATA);
  for (let index = 0; index < nodes; index += 1)
    ocean.addDroplet(`ebbtide-media-${index.toString(36).padStart(8, '0')}`);

  const event = orchestratorParameters({
    max: nodes,
    maxDrains: MAX_DRAINS * (RUNS + 2),
    lowForMs: 0,
    warmUpMs: 0,
  });
  const server = await serveStandIn((request) => ocean.answer(request), delayOf);
  const hosted = await hostAction('orchestrator', {
    DIGITALOCEAN_API_URL: server.url,
    SPACES_ENDPOINT_URL: server.url,
  });
  try {
    const times: number[] = [];
    let peakMb = 0;
    let answerKb = 0;
    for (let run = 0; run < RUNS; run += 1) {
      // Five fewer are enough each time; by half a node less, as sums of so many are not exact.
      say(ocean, (0.5 * 0.8 * (nodes - MAX_DRAINS * (run + 1) - 0.5)) / nodes);
      ocean.asked.length = 0;
      const startedAt = performance.now();
      const called = await hosted.call(event);
      times.push(performance.now() - startedAt);
      peakMb = called.peakMb;
      answerKb = JSON.stringify(called.answer).length / 1_000;
      const { decided, failures } = called.answer.body as OrchestratorAnswer;
      if (decided.length !== MAX_DRAINS || failures.length > 0)
        throw new Error(`${MAX_DRAINS} should have been decided: ${JSON.stringify({ decided, failures })}`);
    }
    const api = ocean.asked.filter((what) => what.includes(' /v2/')).length;
    const of = `orchestrator, ${nodes} droplets`;
    judge({ of, timesMs: times, budgetMs: BUDGET_MS, memory: { peakMb, budgetMb: BUDGET_MB } });
    const anHour = 60 * api;
    console.log(
      `${of}: ${api} requests to the API and ${ocean.asked.length - api} to Spaces, an answer of ${answerKb.toFixed(0)} KB; ` +
        `${anHour} to the API an hour (at most ${API_AN_HOUR}): ${anHour <= API_AN_HOUR ? 'ok' : 'TOO MUCH'}`,
    );
  } finally {
    await hosted.close();
    server.close();
  }
}

function delayOf({ url }: StandInRequest): number {
  return url.pathname === '/v2/droplets' ? 300 : 30;
}

/** Every node says how it is, now. */
function say(ocean: OceanStandIn, cpu: number): void {
  for (const [index, { name, id }] of [...ocean.droplets.values()].entries()) {
    const own = { node: name, machine: String(id), cloud: 'digitalocean', zone: 'fra1' } as const;
    ocean.say(busyStatus(index, { ...own, load: cpu, cpu }));
  }
}
