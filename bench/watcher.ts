/**
 * How long AWS's watcher takes over a pool, and how much memory and processor: the real bundle in a process of its own, over
 * TLS, against a store that takes 20 ms for an object and 60 ms for a page of its list.
 */
import { nodeName, startAwsServices } from './aws-services.ts';
import { createLambda, type Invoked } from './lambda.ts';
import { judge, sizes, withRequests } from './measure.ts';

const RUNS = 3;
const BUDGET_MS = 20_000;

for (const nodes of sizes(1_000, 10_000)) {
  const services = await startAwsServices(nodes);
  const settings = {
    pool: 'media',
    group: 'ebbtide-media',
    bucket: 'bench',
    metricNamespace: 'Ebbtide/media',
    warnAfterMs: 3_600_000,
  };
  const environment = { ...services.environment, EBBTIDE_SETTINGS: JSON.stringify(settings) };
  const watcher = await createLambda('watcher', environment);
  try {
    const runs: Invoked[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const function_ = await watcher.start();
      runs.push(await function_.invoke({}));
      function_.stop();
    }
    const digest = services.written.get('memory/digest.json')?.length ?? 0;
    if (nodes > 1_000 && !services.written.get('memory/digest.json')?.includes(nodeName(nodes - 1)))
      throw new Error('the watcher wrote no digest of them all');
    const of = `watcher, ${nodes} nodes`;
    judge({
      of,
      timesMs: runs.map(({ sinceStartMs }) => sinceStartMs),
      budgetMs: BUDGET_MS,
      memory: { peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)), budgetMb: 512 },
      processor: { ms: Math.max(...runs.map(({ cpuMs }) => cpuMs)), share: 512 / 1_769 },
    });
    withRequests(of, services.counted(), RUNS);
    console.log(`${of}: a digest of ${(digest / 1_000).toFixed(0)} KB`);
  } finally {
    await services.close();
    await watcher.close();
  }
}
