/**
 * How long the termination policy takes to answer: the real bundle in a process of its own, over TLS, against a store that
 * takes 20 ms for an object and 60 ms for a page of its list. `cold`: a new process, with its start and its first
 * connections; `warm`: the same process again. What was not read in time is not chosen: it tells how many of those whom it
 * chose have the fewest rooms of all.
 */
import type { TerminationPolicySettings } from '../fleet/aws-function-settings.ts';
import { DIGEST_NAME } from '../functions/aws/digest.ts';
import { nodeName, startAwsServices } from './aws-services.ts';
import { createLambda, type Invoked } from './lambda.ts';
import { judge, sizes, withRequests } from './measure.ts';

const RUNS = 10;
/** The group waits for 2 s, and Lambda has begun to count before the function does. */
const BUDGET_MS = 1_500;
const BUDGET_MB = 1_769;
const ASKED = 3;

const settings: TerminationPolicySettings = {
  pool: 'media',
  bucket: 'bench',
  maxDrains: 5,
  coolDownMs: 60_000,
  warmUpMs: 0,
};

for (const nodes of sizes(1_000, 10_000)) {
  // As `busyStatus` has it.
  const best = new Set(Array.from({ length: Math.ceil(nodes / 40) }, (_, index) => nodeName(40 * index)));
  let [chosenInAll, bestOfThem] = [0, 0];
  const services = await startAwsServices(nodes);
  const { environment } = services;
  const watched = {
    pool: 'media',
    group: 'ebbtide-media',
    bucket: 'bench',
    metricNamespace: 'Ebbtide/media',
    warnAfterMs: 3_600_000,
  };
  const watcher = await createLambda('watcher', {
    ...environment,
    EBBTIDE_SETTINGS: JSON.stringify(watched),
  });
  const policy = await createLambda('termination-policy', {
    ...environment,
    EBBTIDE_SETTINGS: JSON.stringify(settings),
  });
  try {
    // What a minute ago the watcher wrote down.
    const before = await watcher.start();
    await before.invoke({});
    before.stop();

    const cold: Invoked[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      forget();
      const function_ = await policy.start();
      cold.push(checked(await function_.invoke(question(nodes))));
      function_.stop();
    }
    const warm: Invoked[] = [];
    const function_ = await policy.start();
    await function_.invoke(question(nodes));
    services.counted();
    for (let run = 0; run < RUNS; run += 1) {
      forget();
      warm.push(checked(await function_.invoke(question(nodes))));
    }
    const requests = services.counted();
    function_.stop();
    const of = `termination policy, ${nodes} nodes`;
    const memory = {
      peakMb: Math.max(...[...cold, ...warm].map(({ peakMb }) => peakMb)),
      budgetMb: BUDGET_MB,
    };
    judge({
      of: `${of}, cold`,
      timesMs: cold.map(({ sinceStartMs }) => sinceStartMs),
      budgetMs: BUDGET_MS,
      memory,
      processor: processorOf(cold),
    });
    judge({
      of: `${of}, warm`,
      timesMs: warm.map(({ tookMs }) => tookMs),
      budgetMs: BUDGET_MS,
      memory,
      processor: processorOf(warm),
    });
    withRequests(of, requests, RUNS);
    console.log(`${of}: of ${chosenInAll} that were chosen, ${bestOfThem} have the fewest rooms of all`);
  } finally {
    await services.close();
    await policy.close();
    await watcher.close();
  }

  function forget(): void {
    for (const key of services.written.keys())
      if (key !== `memory/${DIGEST_NAME}.json`) services.written.delete(key);
  }

  /** An answer that left the registry unread would be quick, and worth nothing. */
  function checked(invoked: Invoked): Invoked {
    const { InstanceIDs: chosen } = invoked.answer as { InstanceIDs: string[] };
    if (chosen.length !== ASKED) {
      console.log(`${ASKED} were asked for: ${policy.lastLine()}`);
      process.exitCode = 1;
    }
    chosenInAll += chosen.length;
    bestOfThem += chosen.filter((node) => best.has(node)).length;
    return invoked;
  }
}

/** Half of them need no more; so much memory comes with a whole processor. */
function processorOf(invoked: readonly Invoked[]): { ms: number; share: number } {
  const sorted = invoked.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  return { ms: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, share: 1 };
}

function question(nodes: number): object {
  return {
    AutoScalingGroupName: 'ebbtide-media',
    CapacityToTerminate: [
      { AvailabilityZone: 'eu-west-1a', Capacity: ASKED, InstanceMarketOption: 'on-demand' },
    ],
    Instances: Array.from({ length: nodes }, (_, index) => ({
      InstanceId: nodeName(index),
      AvailabilityZone: 'eu-west-1a',
      InstanceType: 'c7i.large',
      InstanceMarketOption: 'on-demand',
    })),
    Cause: 'SCALE_IN',
  };
}
