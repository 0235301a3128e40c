import * as v from 'valibot';
import type { GroupMachine } from '../../../fleet/aws/auto-scaling-group.ts';
import { describeReading } from '../../../fleet/node-reading.ts';
import { type FleetReading, type MemoryReading, readingOf } from '../../../fleet/registry.ts';
import { isEmptyWork } from '../../../fleet/status.ts';
import { type Finding, whatOfGone, whatOfNode, whatOfRegistry, whatOfSilence } from '../../watch/finding.ts';
import { countFound, measure, metricsOf } from '../../watch/measure.ts';
import type { Metric } from '../metrics.ts';
import { memorySchema, type Termination, type WatcherMemory } from './memory.ts';
import { isExpectedToSpeak, RETAINED, type WatchedMachine } from './watched-machine.ts';

export type GroupReading = { kind: 'known'; machines: GroupMachine[] } | { kind: 'unknown'; reason: string };

/** All that the watcher knows in one run. */
export interface WatcherWorld {
  group: GroupReading;
  fleet: FleetReading;
  memory: MemoryReading;
  now: number;
}

export interface WatcherPlan {
  metrics: Metric[];
  /** Machines to end, each with its reason; done only after `memory` is written. */
  terminations: { node: string; reason: string }[];
  findings: Finding[];
  /** undefined where nothing is to be written. */
  memory: WatcherMemory | undefined;
}

/** Pure: what to say of the pool, and which retained machines to end. */
export function planWatch(world: WatcherWorld, warnAfterMs: number): WatcherPlan {
  const { group, fleet, now } = world;
  const machines: WatchedMachine[] | undefined =
    group.kind === 'known'
      ? group.machines.map((machine) => ({ ...machine, reading: readingOf(fleet, machine.node) }))
      : undefined;
  const earlier = recall(world.memory);
  const retained = (machines ?? []).filter(({ lifecycleState }) => lifecycleState === RETAINED);
  const measured = machines?.map(({ lifecycleState, reading }) => ({
    reading,
    isExpectedToSpeak: isExpectedToSpeak(lifecycleState),
  }));
  const counts = measure(measured, fleet, now, warnAfterMs);
  const inGroup = machines === undefined ? {} : { retained: retained.length };
  const terminations = earlier.kind === 'unknown' ? [] : retained.flatMap(whyEnd);
  const findings = [
    ...troubles(world, earlier),
    ...retained.flatMap((machine) => whatOfRetained(machine, earlier)),
    ...(machines ?? []).flatMap((machine) => whatOfMachine(machine, now, warnAfterMs)),
    ...(machines === undefined ? [] : whatOfGoneMachines(machines, fleet)),
  ];
  return {
    metrics: metricsOf({ ...counts, ...inGroup, ...countFound(findings, fleet) }).map((metric) => ({
      ...metric,
      unit: 'Count',
    })),
    terminations,
    findings,
    memory:
      earlier.kind === 'unknown' || group.kind === 'unknown'
        ? undefined
        : remember(earlier, terminations, now),
  };
}

/**
 * The one thing that the watcher does to a machine: only to a retained one that says freshly that it is empty. Its
 * agent completes the new hook that this starts; a stale or silent one may have calls on it, and people must look.
 */
function whyEnd({ node, reading }: WatchedMachine): { node: string; reason: string }[] {
  if (reading.kind !== 'fresh') return [];
  const { work, since, phase } = reading.status;
  // `leaving`: it was given back once, and the cloud retained it all the same.
  if ((phase !== 'empty' && phase !== 'leaving') || work === null || !isEmptyWork(work)) return [];
  return [{ node, reason: `retained, and empty since ${since}` }];
}

type Recalled =
  | { kind: 'known'; terminations: Termination[] }
  | { kind: 'corrupt'; terminations: []; reason: string }
  | { kind: 'unknown'; reason: string };

/** Memory that makes no sense is begun anew: ending an empty machine once more is harmless. */
function recall(reading: MemoryReading): Recalled {
  switch (reading.kind) {
    case 'none':
      return { kind: 'known', terminations: [] };
    case 'unknown':
      return reading;
    case 'corrupt':
      return { kind: 'corrupt', terminations: [], reason: reading.reason };
    case 'found': {
      const parsed = v.safeParse(memorySchema, reading.memory);
      if (parsed.success) return { kind: 'known', terminations: parsed.output.terminations };
      return { kind: 'corrupt', terminations: [], reason: v.summarize(parsed.issues) };
    }
  }
}

function troubles({ group, fleet, memory }: WatcherWorld, earlier: Recalled): Finding[] {
  const findings: Finding[] = [];
  if (group.kind === 'unknown') findings.push({ level: 'error', name: 'group-unknown', text: group.reason });
  findings.push(...whatOfRegistry(fleet));
  if (earlier.kind === 'unknown' || earlier.kind === 'corrupt') {
    const what = memory.kind === 'unknown' ? 'nothing is ended until it can be read' : 'it is begun anew';
    findings.push({ level: 'error', name: `memory-${earlier.kind}`, text: `${earlier.reason}: ${what}` });
  }
  return findings;
}

function whatOfRetained(machine: WatchedMachine, earlier: Recalled): Finding[] {
  const { node } = machine;
  if (whyEnd(machine).length === 0) {
    const text = `retained, and not known to be empty: ${describeReading(machine.reading)}`;
    return [{ level: 'warn', name: 'retained', node, text }];
  }
  const before =
    earlier.kind === 'unknown' ? undefined : earlier.terminations.find((done) => done.node === node);
  if (before === undefined) return [];
  const text = `ended at ${before.at}, ${before.times} times so far, and retained still: does its agent complete the hook?`;
  return [{ level: 'warn', name: 'still-retained', node, text }];
}

function whatOfMachine(machine: WatchedMachine, now: number, warnAfterMs: number): Finding[] {
  const { node, lifecycleState, reading } = machine;
  // Of a retained one the same is told above.
  const shouldSpeak = lifecycleState !== RETAINED && isExpectedToSpeak(lifecycleState);
  return [
    ...(shouldSpeak ? whatOfSilence(node, lifecycleState, reading) : []),
    ...whatOfNode(node, reading, now, warnAfterMs),
  ];
}

/** Their names never come again. */
function whatOfGoneMachines(machines: readonly WatchedMachine[], fleet: FleetReading): Finding[] {
  const here = new Set(machines.map(({ node }) => node));
  return whatOfGone(
    fleet,
    ({ node }) => here.has(node),
    () => false,
  );
}

/** What is ended now is remembered; what was ended is forgotten once it is no longer retained. */
function remember(
  earlier: Exclude<Recalled, { kind: 'unknown' }>,
  terminations: { node: string }[],
  now: number,
): WatcherMemory | undefined {
  if (earlier.kind === 'known' && earlier.terminations.length === 0 && terminations.length === 0)
    return undefined;
  const at = new Date(now).toISOString();
  return {
    v: 1,
    terminations: terminations.map(({ node }) => {
      const before = earlier.terminations.find((done) => done.node === node);
      return { node, at, times: (before?.times ?? 0) + 1 };
    }),
  };
}
