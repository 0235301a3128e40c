import { describeDuration } from '../../fleet/duration.ts';
import {
  ALARM_AFTER_MS,
  CALLS_TOLD_MS,
  type CoreSettings,
  LEAVING_EXPECTED_MS,
  SETUP_EXPECTED_MS,
  STUCK_AFTER_MS,
} from './settings.ts';
import type { AgentState, Retry } from './state.ts';
import { isCeilingReached, workNow } from './work.ts';

export interface Alarm {
  name: string;
  since: number;
  text: string;
}

/** Everything on this node that a person should look at, and since when. */
export function alarmsOf(state: AgentState, settings: CoreSettings, at: number): Alarm[] {
  return [
    ...drainAlarms(state, settings, at),
    ...setupAlarms(state, at),
    ...mediaAlarms(state, settings, at),
    ...callAlarms(state, at),
    ...outsideAlarms(state, at),
  ];
}

function drainAlarms(state: AgentState, settings: CoreSettings, at: number): Alarm[] {
  const { durable, observed } = state;
  const { drainingSince } = durable;
  const alarms: Alarm[] = [];
  if (drainingSince !== null && durable.phase === 'draining') {
    const forText = describeDuration(at - drainingSince);
    if (isCeilingReached(state, settings, at)) {
      const then = settings.onCeiling === 'cut' ? 'calls are being cut, as set' : 'the drain goes on, as set';
      alarms.push({
        name: 'ceiling-reached',
        since: drainingSince + (settings.ceilingMs ?? 0),
        text: `draining for ${forText}, longer than the ceiling of ${describeDuration(settings.ceilingMs ?? 0)}: ${then}`,
      });
    } else if (at - drainingSince >= settings.warnAfterMs) {
      alarms.push({
        name: 'drain-overdue',
        since: drainingSince + settings.warnAfterMs,
        text: `draining for ${forText}, longer than the ${describeDuration(settings.warnAfterMs)} expected`,
      });
    }
  }
  if (observed.hookEnded && durable.phase !== 'leaving') {
    alarms.push({
      name: 'hook-ended',
      since: observed.heldAt ?? at,
      text: 'no lifecycle action is open: the cloud retains this machine until the watcher ends it, once it is empty',
    });
  }
  if (
    durable.phase === 'empty' &&
    observed.target !== 'leave' &&
    at - durable.since >= settings.warnAfterMs
  ) {
    alarms.push({
      name: 'empty-kept',
      since: durable.since,
      text: `empty for ${describeDuration(at - durable.since)}, and the cloud does not ask for it: resume it, or terminate it`,
    });
  }
  if (durable.phase === 'leaving' && at - durable.since >= LEAVING_EXPECTED_MS) {
    alarms.push({
      name: 'leaving-overdue',
      since: durable.since,
      text: `released ${describeDuration(at - durable.since)} ago, and the cloud has not taken this machine`,
    });
  }
  return alarms;
}

/** A script that fails, or takes long, leaves a node that never serves. */
function setupAlarms({ observed: { setup, setupUnknown } }: AgentState, at: number): Alarm[] {
  const alarms: Alarm[] = [];
  if (setup?.reading.kind === 'failed') {
    const text = `media.setup has failed, and is run again at the next boot only: ${setup.reading.text}`;
    alarms.push({ name: 'setup-failed', since: setup.since, text });
  }
  if (setup?.reading.kind === 'running' && at - setup.since >= SETUP_EXPECTED_MS) {
    const text = `media.setup has been running for ${describeDuration(at - setup.since)}`;
    alarms.push({ name: 'setup-overdue', since: setup.since, text });
  }
  if (setupUnknown !== null && at - setupUnknown.since >= ALARM_AFTER_MS) {
    const text = `it is not known how media.setup fares: ${setupUnknown.reason}`;
    alarms.push({ name: 'setup-unknown', since: setupUnknown.since, text });
  }
  return alarms;
}

function mediaAlarms(state: AgentState, settings: CoreSettings, at: number): Alarm[] {
  const { durable, observed } = state;
  const alarms: Alarm[] = [];
  for (const record of durable.signals) {
    if (record.state !== 'uncertain' || at - record.at < ALARM_AFTER_MS) continue;
    alarms.push({
      name: 'signal-uncertain',
      since: record.at,
      text: `it is not known whether ${record.process} got its signal; it is not signalled again while it may have work`,
    });
  }
  const { zeroSince } = observed;
  for (const record of durable.signals) {
    if (record.state !== 'signalled' || zeroSince === null) continue;
    const since = Math.max(zeroSince, record.at);
    if (at - since < STUCK_AFTER_MS) continue;
    const text = `${record.process} was told to drain, has nothing left to do, and does not end: look at its log`;
    alarms.push({ name: 'drain-stuck', since, text });
  }
  const work = workNow(state, settings, at);
  if (
    work.kind === 'unknown' &&
    observed.unknownSince !== null &&
    at - observed.unknownSince >= ALARM_AFTER_MS
  ) {
    alarms.push({
      name: 'work-unknown',
      since: observed.unknownSince,
      text: `the work is unknown: ${work.reason}`,
    });
  }
  const { downSince } = observed;
  if (durable.decision === null && downSince !== null && at - downSince >= ALARM_AFTER_MS) {
    alarms.push({
      name: 'media-down',
      since: downSince,
      text: 'no media process that carries calls runs here, and nothing will start one',
    });
  }
  return alarms;
}

/** What is over before anybody can have looked. */
function callAlarms({ durable: { callsCut, callsLost, cutAt, lostAt } }: AgentState, at: number): Alarm[] {
  const alarms: Alarm[] = [];
  if (cutAt !== null && at - cutAt < CALLS_TOLD_MS) {
    const text = `calls were cut here ${describeDuration(at - cutAt)} ago, as the ceiling is set: ${callsCut} people in all`;
    alarms.push({ name: 'calls-cut', since: cutAt, text });
  }
  if (lostAt !== null && at - lostAt < CALLS_TOLD_MS) {
    const text = `calls were lost here ${describeDuration(at - lostAt)} ago, as the media server ended by itself: ${callsLost} people in all, as far as they were known`;
    alarms.push({ name: 'calls-lost', since: lostAt, text });
  }
  return alarms;
}

function outsideAlarms({ durable, observed }: AgentState, at: number): Alarm[] {
  const alarms: Alarm[] = [];
  const failing = (name: string, retry: Retry, what: string, afterMs: number): void => {
    if (retry.failingSince === null || at - retry.failingSince < afterMs) return;
    alarms.push({ name, since: retry.failingSince, text: `${what}: ${retry.problem ?? 'no reason given'}` });
  };
  failing('state-not-written', observed.save, 'the state file cannot be written, so nothing is signalled', 0);
  failing('status-not-published', observed.publish, 'the registry does not take the status', ALARM_AFTER_MS);
  failing('signal-not-sent', observed.signal, 'the media cannot be told to drain', ALARM_AFTER_MS);
  failing(
    'media-not-kept-down',
    observed.keepDown,
    'what ends and is started again keeps this node',
    ALARM_AFTER_MS,
  );
  failing('heartbeat-failing', observed.hold, "the cloud's timer cannot be kept alive", ALARM_AFTER_MS);
  failing('release-failing', observed.release, 'the empty machine cannot be given back', ALARM_AFTER_MS);
  failing('not-inhibited', observed.inhibit, 'a shutdown of the machine cannot be held off', 0);
  failing(
    'ready-failing',
    observed.ready,
    'the cloud cannot be told that this machine is ready',
    ALARM_AFTER_MS,
  );
  if (durable.lostBefore !== null) {
    alarms.push({
      name: 'state-lost',
      since: durable.lostBefore.at,
      text: `the earlier state is lost: ${durable.lostBefore.reason}`,
    });
  }
  const { update } = observed;
  if (update?.state === 'failed') {
    const text = `agent ${update.version} (${update.build}) is published and does not run here: ${update.text}`;
    alarms.push({ name: 'update-failed', since: update.since, text });
  }
  const { targetUnknown } = observed;
  if (targetUnknown !== null && at - targetUnknown.since >= ALARM_AFTER_MS) {
    const text = `it cannot be read what the cloud wants of this machine: ${targetUnknown.reason}`;
    alarms.push({ name: 'cloud-unreadable', since: targetUnknown.since, text });
  }
  return alarms;
}
