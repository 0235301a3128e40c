import { describeZone } from '../../fleet/describe-zone.ts';
import type { NodeStatus } from '../../fleet/status.ts';

/** A status as a person reads it, one thing a line. */
export function describeStatus(status: NodeStatus): string {
  const { work, decision } = status;
  const lines: [string, string][] = [
    ['node', `${status.node} (${status.cloud}, ${describeZone(status.zone)}, ${status.address})`],
    ['pool', status.pool],
    ['phase', `${status.phase} since ${status.since}`],
    [
      'work',
      work === null
        ? `unknown: ${status.unknown ?? 'no reason given'}`
        : `${work.rooms} rooms, ${work.people} people, ${work.tracks} tracks, ${work.egress} egress, ${work.ingress} ingress, ${work.agents} agents`,
    ],
    [
      'load',
      `${percent(status.load)} (cpu ${percent(status.cpu)}, capacity ${status.capacity ?? 'not set'})`,
    ],
    ['protected', status.protected ? 'yes' : 'no'],
    [
      'decision',
      decision === undefined
        ? 'none'
        : `${decision.id} by ${decision.by} (${decision.cause}) at ${decision.at}, then ${decision.intent}`,
    ],
    ...status.media.map(({ name, state, id, startedAt }): [string, string] => [
      'media',
      `${name} ${state}${id === null ? '' : ` (${id}, since ${startedAt ?? 'unknown'})`}`,
    ]),
    ...(status.alarms ?? []).map(({ name, since, text }): [string, string] => [
      'ALARM',
      `${name} since ${since}: ${text}`,
    ]),
    ['software', `agent ${status.software.agent}, template ${status.software.template ?? 'not set'}`],
  ];
  return lines.map(([name, text]) => `${name.padEnd(10)} ${text}`).join('\n');
}

function percent(fraction: number | null): string {
  return fraction === null ? 'unknown' : `${Math.round(fraction * 100)} %`;
}
