import { describeDuration, formatDuration } from '../../fleet/duration.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { NodeRow } from '../view/pool-view.ts';

/** The story of one node, in sentences: how it is, who decided what, what it waits for, what comes next. */
export function storyOf(row: NodeRow, { pool, cloud, rules }: PoolAddress, now: number): string[] {
  return [
    `${row.node} (pool ${pool} on ${cloud}, ${row.zone}; ${cloud} says ${row.state}) ${howItIs(row)}.`,
    workOf(row),
    ...decisionOf(row, now),
    `Next: ${nextOf(row, rules.warnAfterMs)}`,
    ...softwareOf(row),
    ...(row.protected ? ['An operator protects it: it is not chosen.'] : []),
    ...row.alarms.map(({ name, since, text }) => `ALARM ${name} since ${since}: ${text}`),
  ];
}

function howItIs({ phase, forMs, unknown }: NodeRow): string {
  if (phase === undefined) return `tells nothing: ${unknown ?? 'no reason is known'}`;
  return `is ${phase}${forMs === undefined ? '' : `, for ${describeDuration(forMs)}`}`;
}

function workOf({ rooms, people, jobs, unknown }: NodeRow): string {
  if (rooms === undefined || people === undefined || jobs === undefined)
    return `What is on it is not known, which never counts as empty: ${unknown ?? 'no reason is known'}.`;
  return `On it: ${rooms} rooms, ${people} people, ${jobs} jobs.`;
}

function decisionOf({ decision }: NodeRow, now: number): string[] {
  if (decision === undefined) return ['Nobody has decided that it should go.'];
  const { by, at, cause, id, reason, deadline, passedOver = [], passedOverMore } = decision;
  const ago = describeDuration(now - Date.parse(at));
  return [
    `${by} decided ${ago} ago (${cause}, decision ${id}) that it ${decision.intent === 'leave' ? 'leaves' : 'is emptied and stays'}${reason === undefined ? '' : `: ${reason}`}.`,
    ...(deadline === undefined ? [] : [`The cloud takes it at ${deadline}, whatever is on it.`]),
    ...passedOver.map((other) => `  not ${other.node}: ${other.reason}`),
    ...(passedOverMore === undefined ? [] : [`  and ${passedOverMore} more were not`]),
  ];
}

function nextOf(row: NodeRow, warnAfterMs: number): string {
  const { phase, decision, rooms, people } = row;
  switch (phase) {
    case undefined:
      return 'nothing is done to it until it speaks again. Look at its agent: `journalctl -u ebbtide-agent` on the node.';
    case 'booting':
    case 'warm':
      return 'it serves once its media server runs and tells its work.';
    case 'serving':
      if (decision?.intent === 'leave') return 'its agent takes up the decision within seconds, and drains.';
      return row.whyNot === undefined
        ? 'it goes on serving; when the pool shrinks, it is among those that may go.'
        : `it goes on serving; it would not be chosen now: ${row.whyNot}.`;
    case 'cordoned':
      return 'it takes no new rooms, and keeps those that it has, until somebody decides otherwise.';
    case 'draining':
      return `it takes no new rooms, and ${decision?.intent === 'maintenance' ? 'is empty' : 'leaves'} when the last of ${rooms ?? 'its'} rooms (${people ?? '?'} people) has ended. After ${formatDuration(warnAfterMs)} an alarm is raised.`;
    case 'empty':
      return decision?.intent === 'leave'
        ? 'it is empty; the cloud ends it within a minute or so.'
        : 'it is empty, and stays until it is resumed, or until the cloud takes it.';
    case 'leaving':
      return 'the cloud ends the machine.';
    default:
      return phase satisfies never;
  }
}

function softwareOf({ agent, template, outdated }: NodeRow): string[] {
  if (agent === undefined) return [];
  const old = outdated === true ? ', which is not the one that new nodes get' : '';
  return [`Software: agent ${agent}, template ${template ?? 'not told'}${old}.`];
}
