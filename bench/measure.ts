import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { NO_WORK, type NodeStatus } from '../fleet/status.ts';

/** What a measurement came to, against what it may be. */
interface Measured {
  of: string;
  timesMs: readonly number[];
  budgetMs: number;
  memory?: { peakMb: number; budgetMb: number };
  /** What it used of a processor, and how much of one its cloud gives it: so long it takes at least. */
  processor?: { ms: number; share: number };
}

/** How many nodes are asked for by `--nodes N`; else a table of these. */
export function sizes(...usual: number[]): number[] {
  const { nodes } = parseArgs({ options: { nodes: { type: 'string' } } }).values;
  return nodes === undefined ? usual : [Number(nodes)];
}

/** How many requests a run made, by kind. */
export function withRequests(of: string, counted: Record<string, number>, runs: number): void {
  const each = Object.entries(counted).map(([kind, count]) => `${Math.round(count / runs)} ${kind}`);
  console.log(`${of}: requests of a run: ${each.join(', ')}`);
}

/** Tells it; the process fails where it is too much. */
export function judge({ of, timesMs, budgetMs, memory, processor }: Measured): void {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const worst = sorted.at(-1) ?? Number.NaN;
  const atLeastMs = processor === undefined ? 0 : processor.ms / processor.share;
  const isOk =
    Math.max(worst, atLeastMs) <= budgetMs && (memory === undefined || memory.peakMb <= memory.budgetMb);
  const took =
    `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms of ${sorted.length} ` +
    `(at most ${budgetMs} ms)`;
  const used = memory === undefined ? '' : `, ${memory.peakMb.toFixed(0)} MB (at most ${memory.budgetMb} MB)`;
  const worked =
    processor === undefined
      ? ''
      : `, ${processor.ms.toFixed(0)} ms of a processor, of which it has ${processor.share.toFixed(2)}: ${atLeastMs.toFixed(0)} ms`;
  console.log(`${of}: ${took}${used}${worked}: ${isOk ? 'ok' : 'TOO MUCH'}`);
  if (!isOk) process.exitCode = 1;
}

/** Of a process, in MB: as much as it ever had (`VmHWM`), or has now (`VmRSS`). NaN where it is gone. */
export async function memoryMb(pid: number | undefined, line: 'VmHWM' | 'VmRSS' = 'VmHWM'): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
}

/** How much of a processor a process has used so far, in ms (Linux counts by hundredths of a second). */
export async function processorMs(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = text.slice(text.lastIndexOf(')')).split(' ').slice(12, 14);
  return 10 * (Number(user) + Number(system));
}

/** What a node says of itself now, that serves about as much as others do. */
export function busyStatus(
  index: number,
  own: Pick<NodeStatus, 'node' | 'cloud' | 'zone'> & Partial<NodeStatus>,
): NodeStatus {
  const now = new Date().toISOString();
  return {
    v: 1,
    pool: 'media',
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
    ...own,
  };
}
