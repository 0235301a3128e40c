import { type NodeStatus, PHASES } from '../../fleet/status.ts';
import { REFUSALS, refusalKey } from '../core/refusals.ts';
import type { CoreSettings } from '../core/settings.ts';
import type { AgentState } from '../core/state.ts';
import type { Metric, Sample } from './exposition.ts';

export interface MetricsArgs {
  status: NodeStatus;
  state: AgentState;
  settings: CoreSettings;
  at: number;
}

/** This node as Prometheus sees it. What is unknown is absent, never 0. */
export function metricsOf(args: MetricsArgs): Metric[] {
  return [
    ...nodeMetrics(args),
    ...workMetrics(args),
    ...decisionMetrics(args),
    ...drainMetrics(args),
    ...lossMetrics(args),
    ...refusalMetrics(args),
    updateMetric(args),
  ];
}

function nodeMetrics({ status, state, at }: MetricsArgs): Metric[] {
  const { node, pool, cloud, zone, software, alarms = [] } = status;
  const [version = '', build = ''] = software.agent.split('+');
  const { template = '' } = software;
  const standing = [...new Set(alarms.map(({ name }) => name))];
  return [
    {
      name: 'ebbtide_info',
      type: 'gauge',
      help: 'Which node this is, and which agent runs on it: always 1.',
      samples: [{ labels: { node, pool, cloud, zone, version, build, template }, value: 1 }],
    },
    {
      name: 'ebbtide_phase',
      type: 'gauge',
      help: 'The phase of this node: 1 for the one that it is in.',
      samples: PHASES.map((phase) => ({ labels: { phase }, value: phase === status.phase ? 1 : 0 })),
    },
    gauge(
      'ebbtide_phase_seconds',
      'How long this node has been in its phase.',
      seconds(at - state.durable.since),
    ),
    gauge(
      'ebbtide_protected',
      'Whether an operator protects this node from being chosen.',
      status.protected ? 1 : 0,
    ),
    {
      name: 'ebbtide_alarm',
      type: 'gauge',
      help: 'Alarms that stand on this node, by name: how many of each.',
      samples: standing.map((name) => ({
        labels: { name },
        value: alarms.filter((alarm) => alarm.name === name).length,
      })),
    },
  ];
}

function workMetrics({ status }: MetricsArgs): Metric[] {
  const { work, capacity, load, cpu } = status;
  return [
    gauge(
      'ebbtide_work_known',
      'Whether it is known what runs here: 0 is unknown, which is not empty.',
      work === null ? 0 : 1,
    ),
    {
      name: 'ebbtide_work',
      type: 'gauge',
      help: 'What cannot be moved from this node, by kind; absent while unknown.',
      samples: Object.entries(work ?? {}).map(([kind, value]) => ({ labels: { kind }, value })),
    },
    gauge('ebbtide_capacity', 'People that this node is meant for; absent where that is not set.', capacity),
    gauge(
      'ebbtide_load',
      'From 0 to 1: people of the capacity, or the processor where none is set; absent while unknown.',
      load,
    ),
    gauge('ebbtide_cpu', 'From 0 to 1: how busy the processor is; absent while unknown.', cpu),
  ];
}

function decisionMetrics({ state, at }: MetricsArgs): Metric[] {
  const { decision } = state.durable;
  const { id = '', by = '', cause = '', intent = '' } = decision ?? {};
  return [
    {
      name: 'ebbtide_decision_info',
      type: 'gauge',
      help: 'Who decided that this node should go, and why: 1; absent while nobody has.',
      samples: decision === null ? [] : [{ labels: { decision: id, by, cause, intent }, value: 1 }],
    },
    gauge(
      'ebbtide_decision_age_seconds',
      'How long ago that was decided.',
      decision === null ? null : seconds(at - Date.parse(decision.at)),
    ),
    gauge(
      'ebbtide_decision_deadline_seconds',
      'How long until the cloud takes this machine, whatever is on it; absent where it names no time.',
      decision?.deadline === undefined ? null : seconds(Date.parse(decision.deadline) - at, 'signed'),
    ),
  ];
}

function drainMetrics({ state, settings, at }: MetricsArgs): Metric[] {
  const { tally, drainsEnded } = state.durable;
  const { ceilingMs, warnAfterMs } = settings;
  return [
    gauge(
      'ebbtide_drain_expected_seconds',
      'How long a drain is expected to take at most.',
      seconds(warnAfterMs),
    ),
    gauge(
      'ebbtide_drain_ceiling_seconds',
      'How long a drain may take at most; absent where it may take without end.',
      ceilingMs === undefined ? null : seconds(ceilingMs),
    ),
    {
      name: 'ebbtide_drain_age_seconds',
      type: 'gauge',
      help: 'How long the drain of this node takes; stands still once it is empty; absent while it does not drain.',
      samples: drainAge(state, at),
    },
    {
      name: 'ebbtide_drain_stage_seconds',
      type: 'gauge',
      help: 'How long each part of the drain takes or took: signal (decided until told to the media), empty (from there until empty), release (from there until given back).',
      samples: drainStages(state, at),
    },
    counter('ebbtide_drains_begun_total', 'Drains that began on this node.', tally.drainsBegun),
    counter(
      'ebbtide_drains_emptied_total',
      'Drains that came to their end: the node was empty.',
      tally.drainsEmptied,
    ),
    counter(
      'ebbtide_drains_in_time_total',
      'Drains that came to their end within the expected length.',
      tally.drainsInTime,
    ),
    counter('ebbtide_drains_ended_total', 'Drains after which this node was given back.', drainsEnded),
    counter(
      'ebbtide_drain_seconds_total',
      'How long the drains took that came to their end.',
      seconds(tally.drainMs),
    ),
    counter(
      'ebbtide_give_back_seconds_total',
      'How long this node was empty until it was given back.',
      seconds(tally.giveBackMs),
    ),
  ];
}

function drainAge({ durable }: AgentState, at: number): Sample[] {
  const { decision, drainingSince, emptiedAt } = durable;
  if (decision === null || drainingSince === null) return [];
  return [{ labels: { decision: decision.id }, value: seconds((emptiedAt ?? at) - drainingSince) }];
}

function drainStages({ durable }: AgentState, at: number): Sample[] {
  const { decision, drainingSince, signalledAt, emptiedAt, phase, since } = durable;
  if (decision === null || drainingSince === null) return [];
  const emptied = emptiedAt ?? at;
  const left = phase === 'leaving' ? since : at;
  const stages = {
    signal: (signalledAt ?? emptied) - drainingSince,
    empty: signalledAt === null ? null : emptied - signalledAt,
    release: emptiedAt === null ? null : left - emptiedAt,
  };
  return Object.entries(stages).flatMap(([stage, ms]) =>
    ms === null ? [] : [{ labels: { decision: decision.id, stage }, value: seconds(ms) }],
  );
}

function lossMetrics({ state }: MetricsArgs): Metric[] {
  const { callsCut, callsLost, tally } = state.durable;
  return [
    counter('ebbtide_calls_cut_total', 'People whose call we ended, because the ceiling said so.', callsCut),
    counter(
      'ebbtide_calls_lost_total',
      'People whose call ended because the media process died, or was stopped by somebody else.',
      callsLost,
    ),
    {
      name: 'ebbtide_jobs_lost_total',
      type: 'counter',
      help: 'Jobs that ended because their process died, or was stopped by somebody else, by kind: at most so many.',
      samples: Object.entries(tally.jobsLost).map(([kind, value]) => ({ labels: { kind }, value })),
    },
  ];
}

function refusalMetrics({ state }: MetricsArgs): Metric[] {
  const { refusing, refusals } = state.observed;
  const all = Object.entries(REFUSALS).flatMap(([of, reasons]) =>
    reasons.map((reason) => ({ labels: { of, reason }, key: refusalKey({ of, reason }) })),
  );
  return [
    {
      name: 'ebbtide_refusing',
      type: 'gauge',
      help: 'What this node does not do at present, and why: 1.',
      samples: all.flatMap(({ labels, key }) => (refusing.includes(key) ? [{ labels, value: 1 }] : [])),
    },
    {
      name: 'ebbtide_refusals_total',
      type: 'counter',
      help: 'How often this agent came not to do something, by what and why, since it started.',
      samples: all.map(({ labels, key }) => ({ labels, value: refusals[key] ?? 0 })),
    },
  ];
}

function updateMetric({ state }: MetricsArgs): Metric {
  const { update } = state.observed;
  return {
    name: 'ebbtide_update',
    type: 'gauge',
    help: 'Another agent that the stack publishes for this node: 1; by whether it is still to come (pending), did not come up here (failed), or what is published cannot be read (unknown, of no version).',
    samples:
      update === null
        ? []
        : [{ labels: { state: update.state, version: update.version, build: update.build }, value: 1 }],
  };
}

/** The agent's own process. */
export function processMetrics(startedAt: number, residentBytes: number): Metric[] {
  return [
    gauge('process_start_time_seconds', 'When the agent started, in seconds since 1970.', seconds(startedAt)),
    gauge('process_resident_memory_bytes', 'How much memory the agent has.', residentBytes),
  ];
}

function gauge(name: string, help: string, value: number | null): Metric {
  return { name, type: 'gauge', help, samples: value === null ? [] : [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, type: 'counter', help, samples: [{ value }] };
}

/** A clock that was set back between two processes leaves no length below 0. */
function seconds(ms: number, sign: 'signed' | 'unsigned' = 'unsigned'): number {
  return (sign === 'signed' ? ms : Math.max(0, ms)) / 1000;
}
