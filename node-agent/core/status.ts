import type { Media, NodeStatus } from '../../fleet/status.ts';
import { isAbsent } from './absence.ts';
import { alarmsOf } from './alarms.ts';
import type { CoreSettings } from './settings.ts';
import type { AgentState, MediaExit, MediaProcess } from './state.ts';
import { carriesCalls, recordOf, runningProcesses, workNow } from './work.ts';

/** How this node is, in the words that the registry, people and functions share. */
export function statusOf(state: AgentState, settings: CoreSettings, at: number): NodeStatus {
  const { durable, observed } = state;
  const { identity } = settings;
  const work = workNow(state, settings, at);
  const { decision } = durable;
  return {
    v: 1,
    node: identity.node,
    ...(identity.machine === undefined ? {} : { machine: identity.machine }),
    pool: settings.pool,
    cloud: identity.cloud,
    zone: identity.zone,
    address: identity.address,
    software: identity.software,
    phase: durable.phase,
    since: iso(durable.since),
    at: iso(at),
    bootedAt: iso(durable.bootedAt),
    work: work.kind === 'known' ? work.work : null,
    ...(work.kind === 'unknown' ? { unknown: work.reason } : {}),
    capacity: identity.capacity,
    load: loadOf(state, settings, at),
    cpu: observed.cpu,
    protected: observed.protected,
    ...(decision === null
      ? {}
      : {
          decision: {
            id: decision.id,
            by: decision.by,
            cause: decision.cause,
            intent: decision.intent,
            at: decision.at,
            ...(decision.deadline === undefined ? {} : { deadline: decision.deadline }),
          },
        }),
    media: mediaOf(state, settings, at),
    alarms: alarmsOf(state, settings, at).map((alarm) => ({ ...alarm, since: iso(alarm.since) })),
  };
}

/** True only while new work is welcome here: what a load balancer's health check asks. */
export function takesWork(state: AgentState, settings: CoreSettings, at: number): boolean {
  const { phase, decision } = state.durable;
  const running = runningProcesses(state);
  if (phase !== 'serving' || decision !== null || !carriesCalls(state)) return false;
  if (running.some((process) => recordOf(state, process) !== undefined)) return false;
  return workNow(state, settings, at).kind === 'known';
}

function loadOf(state: AgentState, settings: CoreSettings, at: number): number | null {
  const { capacity } = settings.identity;
  const work = workNow(state, settings, at);
  if (capacity === null) return state.observed.cpu;
  return work.kind === 'known' ? Math.min(1, work.work.people / capacity) : null;
}

function mediaOf(state: AgentState, settings: CoreSettings, at: number): Media[] {
  const { runtime } = state.observed;
  if (runtime?.kind !== 'answered') return [{ name: 'media', id: null, state: 'unknown' }];
  const { running, willStart, exits = [] } = runtime;
  const proven = running.length > 0 || isAbsent(state, settings, at);
  const describeExit = ({ name, clean }: MediaExit): Media => {
    const over = proven && !willStart.includes(name);
    return { name, id: null, state: over ? (clean ? 'exited' : 'down') : 'unknown' };
  };
  const media = [
    ...running.map((process) => describeProcess(state, process)),
    ...exits.filter(({ name }) => !running.some((process) => process.name === name)).map(describeExit),
  ];
  return media.length > 0 ? media : [{ name: 'media', id: null, state: proven ? 'down' : 'unknown' }];
}

function describeProcess(state: AgentState, process: MediaProcess): Media {
  const record = recordOf(state, process);
  const states = {
    none: 'running',
    'about-to-signal': 'running',
    signalled: 'signalled',
    uncertain: 'uncertain',
    'about-to-cut': 'signalled',
    cut: 'signalled',
  } as const;
  return {
    name: process.name,
    ...(process.version === undefined ? {} : { version: process.version }),
    id: process.id,
    state: states[record?.state ?? 'none'],
    startedAt: iso(process.startedAt),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
