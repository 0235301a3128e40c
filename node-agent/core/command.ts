import { describeDuration } from '../../fleet/duration.ts';
import { ownDecision, settle } from './decision.ts';
import type { Effect } from './effect.ts';
import type { Command } from './event.ts';
import { countRefusal, type REFUSALS } from './refusals.ts';
import { begun } from './retry.ts';
import type { CoreSettings } from './settings.ts';
import type { AgentState } from './state.ts';
import { known, remember, type Step, unchanged } from './step.ts';
import { carriesCalls, describeJobs, recordOf, runningProcesses, workNow } from './work.ts';

/** What an operator on the node asked for. Every command is answered in prose, accepted or refused. */
export function command(
  state: AgentState,
  request: number,
  asked: Command,
  settings: CoreSettings,
  at: number,
): Step {
  switch (asked.kind) {
    case 'drain':
      return drainForMaintenance(state, request, asked.reason, settings, at);
    case 'resume':
      return resume(state, request, settings, at);
  }
}

function drainForMaintenance(
  state: AgentState,
  request: number,
  reason: string,
  settings: CoreSettings,
  at: number,
): Step {
  const { decision, phase } = state.durable;
  if (decision !== null) {
    const text = `This node is ${phase} already: ${decision.reason} (decision ${decision.id}).`;
    return { state, effects: [reply(request, true, text)] };
  }
  const step = settle(
    state,
    ownDecision(state, settings, at, { by: 'operator', cause: 'operator', intent: 'maintenance', reason }),
    at,
  );
  const text =
    'Draining: new rooms go elsewhere, and calls end by themselves. The machine then stays, empty, until `resume` or until the cloud takes it.';
  return { ...step, state: promise(step.state, request, text) };
}

/** A media server that was told to drain cannot be called back: it serves again only as a fresh process. */
function resume(state: AgentState, request: number, settings: CoreSettings, at: number): Step {
  const { decision, phase } = state.durable;
  const refuse = (reason: (typeof REFUSALS)['resume'][number], text: string): Step => ({
    state: countRefusal(state, 'resume', reason),
    effects: [reply(request, false, text)],
  });
  if (decision === null) {
    if (phase === 'serving')
      return { state, effects: [reply(request, true, 'Nothing to resume: this node is serving.')] };
    if (runningProcesses(state).length > 0)
      return { state, effects: [reply(request, true, 'Nothing to resume: the media process runs.')] };
    return startMedia(state, request, 'Starting the media process.');
  }
  if (decision.intent === 'leave') {
    return refuse(
      'cloud-takes-it',
      `Cannot resume: the cloud takes this machine away (${decision.reason}; decision ${decision.id}).`,
    );
  }
  const signalled = runningProcesses(state).filter((process) => recordOf(state, process) !== undefined);
  const noDrain = { decision: null, drainingSince: null, signalledAt: null, emptiedAt: null };
  const back = remember(state, { ...noDrain, phase: 'booting', since: at });
  if (phase === 'empty')
    return startMedia(back, request, 'Resuming: a fresh media process is being started.');
  if (signalled.length === 0 && carriesCalls(state)) {
    const text = 'Resuming: the media process had not been signalled yet.';
    // What had failed and was kept down is wanted again.
    return state.observed.keptDown.length > 0
      ? startMedia(back, request, text)
      : unchanged(promise(back, request, text));
  }
  if (runningProcesses(state).length === 0) {
    return refuse(
      'not-proven',
      'Cannot resume yet: the media process has ended, and a second look in some seconds proves it. Try again then.',
    );
  }
  const work = workNow(state, settings, at);
  const left =
    work.kind === 'known'
      ? `${work.work.rooms} rooms with ${work.work.people} people${describeJobs(work.work)} are left`
      : `its work is unknown (${work.reason})`;
  const forText = describeDuration(at - state.durable.since);
  return refuse(
    'still-draining',
    `Cannot resume yet: the media process was told to drain ${forText} ago and cannot be called back; ${left}. Once it has ended, \`resume\` starts a fresh one.`,
  );
}

function startMedia(state: AgentState, request: number, text: string): Step {
  const next = known(state, { start: begun(state.observed.start), keptDown: [] });
  return { state: promise(next.state, request, text), effects: [{ kind: 'start-media' }] };
}

/** What is accepted is said when it is on disk (decide.ts): an agent that dies before must not have promised it. */
function promise(state: AgentState, request: number, text: string): AgentState {
  const { promises, revision } = state.observed;
  return known(state, { promises: [...promises, { request, text, revision }] }).state;
}

function reply(request: number, accepted: boolean, text: string): Effect {
  return { kind: 'reply', request, accepted, text };
}
