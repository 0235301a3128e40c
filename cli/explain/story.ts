import type { Decision } from '../../fleet/decision.ts';
import { describeZone } from '../../fleet/describe-zone.ts';
import { describeDuration, formatDuration } from '../../fleet/duration.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { LastWords, NodeRow } from '../view/pool-view.ts';

/** The story of one node, in sentences: how it is, who decided what, what it waits for, what comes next. */
export function storyOf(row: NodeRow, { pool, cloud, rules, scales }: PoolAddress, now: number): string[] {
  return [
    `${row.node} (pool ${pool} on ${cloud}, ${describeZone(row.zone)}; ${cloud} says ${row.state}) ${howItIs(row)}.`,
    workOf(row),
    ...lastOf(row),
    ...decisionOf(row, now),
    `Next: ${nextOf(row, { cloud, scales, warnAfterMs: rules.warnAfterMs, now })}`,
    ...softwareOf(row),
    ...(row.protected ? ['An operator protects it: it is not chosen.'] : []),
    ...row.alarms.map(({ name, since, text }) => `ALARM ${name} since ${since}: ${text}`),
  ];
}

/** Of one that is not there any more: by what it went, and what it said last. */
export function storyOfGone(
  { node, decision, last }: { node: string; decision: Decision | undefined; last: LastWords | undefined },
  { pool, cloud }: PoolAddress,
  now: number,
): string[] {
  return [
    `${node} is not in the pool ${pool} on ${cloud} any more.`,
    ...lastOf({ last }),
    ...decisionOf({ decision }, now),
    decision?.intent === 'leave'
      ? 'It was to leave once it was empty, and its machine is gone: nothing comes next.'
      : 'It was to stay, and its machine is gone all the same: the cloud or a person has taken it away.',
  ];
}

function lastOf({ last }: Pick<NodeRow, 'last'>): string[] {
  if (last === undefined) return [];
  const { at, phase, rooms, people, jobs } = last;
  const work =
    rooms === undefined
      ? 'its work was unknown'
      : `${rooms} rooms, ${people ?? '?'} people, ${jobs ?? '?'} jobs`;
  return [`The last that it said, at ${at}: ${phase}, ${work}.`];
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

function decisionOf(
  { decision, decisionUnknown }: Pick<NodeRow, 'decision'> & Partial<Pick<NodeRow, 'decisionUnknown'>>,
  now: number,
): string[] {
  if (decision === undefined)
    return [
      decisionUnknown === undefined
        ? 'Nobody has decided that it should go.'
        : `Whether anybody has decided that it should go is not known: ${decisionUnknown}.`,
    ];
  const { by, at, cause, id, reason, deadline, passedOver = [], passedOverMore } = decision;
  const ago = describeDuration(now - Date.parse(at));
  return [
    `${by} decided ${ago} ago (${cause}, decision ${id}) that it ${decision.intent === 'leave' ? 'leaves' : 'is emptied and stays'}${reason === undefined ? '' : `: ${reason}`}.`,
    ...(deadline === undefined ? [] : [`The cloud takes it at ${deadline}, whatever is on it.`]),
    ...(passedOver.length === 0 ? [] : ['Others were not chosen then:']),
    ...passedOver.map((other) => `  not ${other.node}: ${other.reason}`),
    ...(passedOverMore === undefined ? [] : [`  and ${passedOverMore} more were not`]),
  ];
}

/** By then an agent has taken up what was decided. */
const UNHEARD_MS = 60_000;

function nextOf(
  row: NodeRow,
  {
    cloud,
    scales,
    warnAfterMs,
    now,
  }: Pick<PoolAddress, 'cloud' | 'scales'> & { warnAfterMs: number; now: number },
): string {
  const { phase, decision, rooms, people, jobs, forMs = 0 } = row;
  switch (phase) {
    case undefined:
      return 'nothing is done to it until it speaks again. Look at its agent: `journalctl -u ebbtide-agent` on the node.';
    case 'booting':
    case 'warm':
      return 'it serves once its media server runs and tells its work.';
    case 'serving':
      if (decision?.intent === 'leave') return nextOfDecided(decision, cloud, now);
      return row.whyNot === undefined
        ? `it goes on serving; ${scales === false ? 'scaling.kind is none, so that nobody asks for fewer nodes but its operator: `fleet remove`.' : 'when the pool shrinks, it is among those that may go.'}`
        : `it goes on serving; it would not be chosen now: ${row.whyNot}.`;
    case 'cordoned':
      return 'it takes no new rooms, and keeps those that it has, until somebody decides otherwise.';
    case 'draining':
      return [
        `it takes no new rooms, and ${decision?.intent === 'maintenance' ? 'is empty' : 'leaves'} when the last of ${rooms ?? 'its'} rooms (${people ?? '?'} people${jobs ? `, ${jobs} jobs` : ''}) has ended.`,
        forMs > warnAfterMs
          ? `It drains for longer than ${formatDuration(warnAfterMs)}, of which an alarm is raised; nobody is cut for that, unless scaleIn.onCeiling says so.`
          : `After ${formatDuration(warnAfterMs)} an alarm is raised.`,
      ].join(' ');
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

/** It serves, and it is decided that it leaves. */
function nextOfDecided({ at }: Pick<Decision, 'at'>, cloud: PoolAddress['cloud'], now: number): string {
  const agoMs = now - Date.parse(at);
  if (agoMs <= UNHEARD_MS) return 'its agent takes up the decision within seconds, and drains.';
  // What is written there is what was wanted: the group itself acts, or not.
  if (cloud === 'aws')
    return 'it goes on serving: its Auto Scaling group has not begun to end it. Where it is to leave all the same, `fleet remove` asks again.';
  return `it was to drain for ${describeDuration(agoMs)}, and serves: its agent has not taken that up. Look at it: \`journalctl -u ebbtide-agent\` on the node.`;
}

function softwareOf({ agent, template, outdated }: NodeRow): string[] {
  if (agent === undefined) return [];
  const old = outdated === true ? ', which is not the one that new nodes get' : '';
  return [`Software: agent ${agent}, template ${template ?? 'not told'}${old}.`];
}
