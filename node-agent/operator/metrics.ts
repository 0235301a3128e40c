import type { NodeStatus } from '../../fleet/status.ts';
import { PHASES } from '../../fleet/status.ts';
import type { DurableState } from '../core/state.ts';

interface Metric {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  samples: { labels?: Record<string, string>; value: number }[];
}

/** This node in the Prometheus text format. Unknown work is absent, never 0. */
export function metricsPage(status: NodeStatus, durable: DurableState, at: number): string {
  const { work } = status;
  const metrics: Metric[] = [
    {
      name: 'ebbtide_phase',
      type: 'gauge',
      help: 'The phase of this node: 1 for the one that it is in.',
      samples: PHASES.map((phase) => ({ labels: { phase }, value: phase === status.phase ? 1 : 0 })),
    },
    gauge('ebbtide_phase_seconds', 'How long this node has been in its phase.', (at - durable.since) / 1000),
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
    gauge(
      'ebbtide_protected',
      'Whether an operator protects this node from being chosen.',
      status.protected ? 1 : 0,
    ),
    {
      name: 'ebbtide_alarm',
      type: 'gauge',
      help: 'Alarms that stand on this node.',
      samples: (status.alarms ?? []).map(({ name }) => ({ labels: { name }, value: 1 })),
    },
    counter(
      'ebbtide_calls_cut_total',
      'People whose call we ended, because the ceiling said so.',
      durable.callsCut,
    ),
    counter(
      'ebbtide_calls_lost_total',
      'People whose call ended because the media process died.',
      durable.callsLost,
    ),
    counter(
      'ebbtide_drains_ended_total',
      'Drains after which this node was given back.',
      durable.drainsEnded,
    ),
  ];
  return metrics.map(writeMetric).join('');
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: 'gauge', help, samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, type: 'counter', help, samples: [{ value }] };
}

function writeMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels ?? {}).map(([label, text]) => `${label}="${text}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map((line) => `${line}\n`).join('')}`;
}
