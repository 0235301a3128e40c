import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { NO_WORK } from '../fleet/status.ts';
import { AzureStandIn } from '../test/support/azure-stand-in.ts';
import { settingsFor, startRunbook } from '../test/support/runbook.ts';

/**
 * What one run of Azure's scale-in runbook costs over a big set: the time to the last decision and to the end of the run,
 * and memory at its peak. `--bare`: so many instances are to be protected in that run; after a first run, none is.
 *
 *   npx tsx bench/runbook.ts [--instances 1000] [--bare 1000] [--answer-ms 20]
 */
const { values } = parseArgs({
  options: {
    instances: { type: 'string', default: '1000' },
    bare: { type: 'string', default: '1000' },
    'answer-ms': { type: 'string', default: '20' },
  },
});

const azure = await AzureStandIn.start();
try {
  azure.pageSize = 100;
  azure.answerMs = Number(values['answer-ms']);
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const now = new Date().toISOString();
  const size = Number(values.instances);
  azure.write('memory/scale-in.json', { v: 1, low: { since: hourAgo, seenAt: now, needed: 10, size } });
  for (let id = 0; id < size; id += 1) {
    const bare = id < Number(values.bare);
    const { name, vmId } = azure.add(String(id), bare ? { protectionPolicy: {} } : {});
    azure.tell({
      v: 1,
      node: name,
      machine: vmId.toLowerCase(),
      pool: 'media',
      cloud: 'azure',
      zone: '1',
      address: '10.0.0.1',
      software: { agent: '1.0.0' },
      phase: 'serving',
      since: hourAgo,
      at: now,
      bootedAt: hourAgo,
      work: { ...NO_WORK, rooms: id % 9, people: id % 40 },
      capacity: null,
      load: null,
      cpu: 0.05,
      protected: false,
      media: [],
    });
  }
  const startedAt = Date.now();
  const { child, ended } = startRunbook(azure, settingsFor(azure, { maxDrains: 20, requestMs: 20_000 }));
  let peakMb = 0;
  const watch = setInterval(async () => {
    const text = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peakMb = Math.max(peakMb, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024);
  }, 50);
  const { code, log, stderr } = await ended;
  clearInterval(watch);
  const tookMs = Date.now() - startedAt;
  const decided = log.filter(({ event }) => event === 'decided');
  const decidedMs = Math.max(...decided.map(({ at }) => Date.parse(String(at)))) - startedAt;
  if (code !== 0) throw new Error(`the runbook failed: ${stderr}${JSON.stringify(log.at(-1))}`);
  console.log(`instances         ${size}, ${values.bare} to protect, ${azure.requests.length} requests`);
  console.log(`decided           ${decided.length}, the last after ${(decidedMs / 1000).toFixed(1)} s`);
  console.log(`ended             after ${(tookMs / 1000).toFixed(1)} s`);
  console.log(`resident, peak    ${peakMb.toFixed(0)} MiB`);
} finally {
  await azure.close();
}
