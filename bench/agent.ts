import { readFile, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { AgentConfigFile } from '../fleet/agent-config.ts';
import { AgentRig } from '../test/support/agent-rig.ts';
import { memoryMb } from './measure.ts';

/**
 * What the agent costs a node that has nothing to do: resident memory, processor time, size of the bundle; and how
 * long a decision of the cloud takes to become the media's signal. At the default intervals, on the default node binary.
 *
 *   npx tsx bench/agent.ts [--seconds 60] [--node PATH] [--drains 10]
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    node: { type: 'string', default: process.execPath },
    drains: { type: 'string', default: '10' },
  },
});

/** Linux counts process times in 1/100 s. */
const TICKS_PER_SECOND = 100;

function atDefaults(config: AgentConfigFile): AgentConfigFile {
  const { every: _every, timeout: _timeout, ...rest } = config;
  return rest;
}

async function processorSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function idle(seconds: number): Promise<void> {
  const rig = await AgentRig.create({ node: values.node, configure: atDefaults });
  try {
    await rig.startMedia();
    await rig.startAgent();
    await rig.until('it serves', () => rig.published?.phase === 'serving');
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const before = await processorSeconds(rig.agentPid);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const used = (await processorSeconds(rig.agentPid)) - before;
    const size = (await stat(rig.bundlePath)).size;
    console.log(`bundle            ${(size / 1024).toFixed(0)} KiB`);
    console.log(
      `resident, idle    ${(await memoryMb(rig.agentPid, 'VmRSS')).toFixed(1)} MiB after ${seconds} s`,
    );
    console.log(`resident, peak    ${(await memoryMb(rig.agentPid, 'VmHWM')).toFixed(1)} MiB`);
    console.log(`processor, idle   ${((100 * used) / seconds).toFixed(2)} % of one core`);
  } finally {
    await rig.close();
  }
}

/** From the moment when the metadata say Terminated to the signal, once per fresh node. */
async function signalMs(): Promise<number> {
  const rig = await AgentRig.create({ node: values.node, configure: atDefaults });
  try {
    await rig.startMedia();
    await rig.startAgent();
    await rig.until('it serves', () => rig.published?.phase === 'serving');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_000));
    const decidedAt = Date.now();
    rig.target = 'Terminated';
    await rig.until('it signals', () => rig.logged('media-signalled').length > 0);
    return Date.parse(String(rig.logged('media-signalled')[0]?.at)) - decidedAt;
  } finally {
    await rig.close();
  }
}

await idle(Number(values.seconds));
const times: number[] = [];
for (let drain = 0; drain < Number(values.drains); drain += 1) times.push(await signalMs());
times.sort((a, b) => a - b);
const median = times[Math.floor(times.length / 2)];
console.log(`decision → signal ${median} ms median, ${times.at(-1)} ms worst of ${times.length}`);
