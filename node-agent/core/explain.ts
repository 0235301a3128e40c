import { describeZone } from '../../fleet/describe-zone.ts';
import { describeDuration, formatDuration } from '../../fleet/duration.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import type { CoreSettings } from './settings.ts';
import type { AgentState } from './state.ts';
import { describeJobs, recordOf, runningProcesses, workNow } from './work.ts';

/** This node's story, for a person: how it is, why, what it waits for, what comes next. */
export function explain(state: AgentState, settings: CoreSettings, status: NodeStatus, at: number): string {
  const lines = [
    `${status.node} (pool ${status.pool}, ${describeZone(status.zone)}) is ${status.phase}, for ${describeDuration(at - state.durable.since)}.`,
    describeWork(state, settings, at),
    ...describeDecision(state, at),
    `Next: ${describeNext(state, settings, at)}`,
  ];
  if (status.protected) lines.push('An operator protects it: it is not chosen for a scale-in.');
  for (const alarm of status.alarms ?? [])
    lines.push(`ALARM ${alarm.name} since ${alarm.since}: ${alarm.text}`);
  return lines.join('\n');
}

function describeWork(state: AgentState, settings: CoreSettings, at: number): string {
  const work = workNow(state, settings, at);
  if (work.kind === 'unknown') return `Its work is unknown, which never counts as empty: ${work.reason}.`;
  return `On it: ${work.work.rooms} rooms, ${work.work.people} people${describeJobs(work.work)}.`;
}

function describeDecision(state: AgentState, at: number): string[] {
  const { decision } = state.durable;
  if (decision === null) return ['Nobody has decided that it should go.'];
  const agoText = describeDuration(at - Date.parse(decision.at));
  const lines = [
    `${decision.by} decided ${agoText} ago (${decision.cause}, decision ${decision.id}): ${decision.reason}.`,
  ];
  if (decision.deadline !== undefined)
    lines.push(`The cloud takes it at ${decision.deadline}, whatever is on it.`);
  for (const { node, reason } of decision.passedOver ?? []) lines.push(`  not ${node}: ${reason}`);
  return lines;
}

function describeNext(state: AgentState, settings: CoreSettings, at: number): string {
  const { durable, observed } = state;
  switch (durable.phase) {
    case 'booting':
      return `it serves once its media process runs and tells its work.${describeSetup(state, at)}`;
    case 'serving':
      return 'it goes on serving until somebody decides otherwise.';
    case 'draining':
      return describeDrain(state, settings, at);
    case 'empty':
      if (durable.decision?.intent === 'maintenance')
        return 'it stays, empty, until `resume` or until the cloud takes it.';
      if (observed.target !== 'leave') return 'it leaves as soon as the cloud asks for it.';
      if (observed.hookEnded)
        return 'the cloud retains it; the watcher ends it, and it then completes the new hook.';
      return observed.release.problem === null
        ? 'it is being given back to the cloud.'
        : `it is given back to the cloud; the last try failed: ${observed.release.problem}.`;
    case 'leaving':
      return 'the cloud ends the machine.';
  }
}

/** What failed is told by its alarm. */
function describeSetup({ observed: { setup } }: AgentState, at: number): string {
  if (setup?.reading.kind !== 'running') return '';
  return ` Its setup runs, for ${describeDuration(at - setup.since)} now.`;
}

function describeDrain(state: AgentState, settings: CoreSettings, at: number): string {
  const running = runningProcesses(state);
  const records = running.map((process) => recordOf(state, process));
  const parts: string[] = [];
  if (records.some((record) => record?.state === 'uncertain')) {
    parts.push(
      'it is not known whether the media got its signal; it is sent once the work has been zero for 10 s.',
    );
  } else if (records.some((record) => record === undefined || record.state === 'about-to-signal')) {
    parts.push('the media is signalled as soon as that intention is on disk.');
  } else if (records.length > 0) {
    parts.push(
      'the media was told to drain and ends by itself when the last person has left; then this node is empty.',
    );
  } else parts.push('no media process is seen; a second look, some seconds apart, proves the node empty.');
  if (running.length > 1) parts.push(`Still there: ${running.map(({ name }) => name).join(', ')}.`);
  if (settings.ceilingMs !== undefined && state.durable.drainingSince !== null) {
    const leftMs = state.durable.drainingSince + settings.ceilingMs - at;
    const then = settings.onCeiling === 'cut' ? 'calls are cut' : 'an alarm is raised and the drain goes on';
    const when = leftMs > 0 ? `in ${describeDuration(leftMs)}` : 'now';
    parts.push(`The ceiling of ${formatDuration(settings.ceilingMs)} is reached ${when}: then ${then}.`);
  }
  return parts.join(' ');
}
