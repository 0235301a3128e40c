import type { Refusal, TwinEvent } from '../cloud/events.ts';
import type { CallEnd } from '../media/driver.ts';
import type { Mode } from './report.ts';

/** What the rehearsal sees in one run, from the cloud, from the machines and from the people. */
export type Observation =
  | { kind: 'cloud'; event: TwinEvent }
  /** A line of an agent's log. `at`: ms since the epoch, by the agent's own clock. */
  | {
      kind: 'agent';
      instance: string;
      at: number;
      level: string;
      event: string;
      fields: Readonly<Record<string, unknown>>;
    }
  | { kind: 'room-opened'; at: number; room: string; instance: string }
  | { kind: 'joined'; at: number; identity: string; instance: string }
  /** `takenAway`: by the cloud, when it ended the machine; a crash is not that. */
  | { kind: 'call-ended'; at: number; identity: string; instance: string; end: CallEnd; takenAway: boolean }
  /** Something that should not have happened and is no figure of the report: it fails the rehearsal. */
  | { kind: 'trouble'; at: number; text: string };

/** One node that the cloud decided to take away. Times in ms since the epoch. */
export interface Drain {
  instance: string;
  /** The group is to be smaller; else another machine comes in its place. */
  scaleIn: boolean;
  decidedAt: number;
  signalledAt?: number;
  emptyAt?: number;
  goneAt?: number;
}

export interface News {
  at: number;
  text: string;
  tone: 'plain' | 'good' | 'bad';
}

/** All that is known of one run so far. */
export interface Tally {
  mode: Mode;
  rooms: number;
  participants: number;
  callsCut: number;
  callsLost: number;
  askedBack: number;
  drains: readonly Drain[];
  refusals: readonly Refusal[];
  troubles: readonly string[];
  news: readonly News[];
}

export function newTally(mode: Mode): Tally {
  const nothing = { rooms: 0, participants: 0, callsCut: 0, callsLost: 0, askedBack: 0 };
  return { mode, ...nothing, drains: [], refusals: [], troubles: [], news: [] };
}

export function observe(tally: Tally, observation: Observation): Tally {
  switch (observation.kind) {
    case 'cloud':
      return observeCloud(tally, observation.event);
    case 'agent':
      return observeAgent(tally, observation);
    case 'room-opened':
      return { ...tally, rooms: tally.rooms + 1 };
    case 'joined':
      return { ...tally, participants: tally.participants + 1 };
    case 'call-ended':
      return observeEnd(tally, observation);
    case 'trouble':
      return withTrouble(tally, observation.at, observation.text);
  }
}

/** Machines that the group wanted back to shrink, and that are gone. */
export function scaleInsDone(tally: Tally): number {
  return tally.drains.filter(({ scaleIn, goneAt }) => scaleIn && goneAt !== undefined).length;
}

/** For how long, until `now`, the group did without the machines that it wanted back; in real time. */
export function savedMs(tally: Tally, now: number): number {
  return tally.drains.reduce(
    (sum, { scaleIn, goneAt }) => sum + (scaleIn && goneAt !== undefined ? now - goneAt : 0),
    0,
  );
}

function observeCloud(tally: Tally, event: TwinEvent): Tally {
  const { at } = event;
  switch (event.kind) {
    case 'instance':
      return observeInstance(tally, event);
    case 'decision': {
      const drain: Drain = { instance: event.instance, scaleIn: event.scaleIn, decidedAt: at };
      const told = tell(
        tally,
        at,
        tally.mode === 'ebbtide'
          ? `the cloud wants ${short(event.instance)} back; it will go when its last call has ended`
          : `the cloud takes ${short(event.instance)} away`,
      );
      return { ...told, drains: [...tally.drains, drain] };
    }
    case 'booted':
      return tell(tally, at, `${short(event.instance)} has booted`);
    case 'boot-failed':
      return withTrouble(tally, at, `${event.instance} did not boot: ${event.problem}`);
    case 'desired': {
      const told = tell(
        tally,
        at,
        `the group wants ${event.to} instead of ${event.from} nodes: ${event.why}`,
      );
      return { ...told, askedBack: tally.askedBack + Math.max(0, event.from - event.to) };
    }
    case 'invocation-failed':
      return withTrouble(tally, at, `the function ${event.function} failed: ${event.problem}`);
    case 'notice':
      return tell(tally, at, `${short(event.instance)} is given notice: ${event.notice}`);
    case 'refused': {
      const { principal, action, resource, why } = event;
      const text = `refused: ${principal} may not ${action} on ${resource} (${why})`;
      return {
        ...tell(tally, at, text, 'bad'),
        refusals: [...tally.refusals, { principal, action, resource, why }],
      };
    }
    case 'trouble':
      return withTrouble(tally, at, event.problem);
    case 'heartbeat':
    case 'invoked':
    case 'function-log':
    case 'alarm':
      return tally;
  }
}

function observeInstance(tally: Tally, event: Extract<TwinEvent, { kind: 'instance' }>): Tally {
  const { instance, standing, at, why } = event;
  switch (standing) {
    case 'booting':
    case 'draining':
    case 'leaving':
      return tally;
    case 'serving':
      return tell(tally, at, `${short(instance)} takes calls`);
    case 'kept':
      return withTrouble(tally, at, `${instance} is kept outside of its group: ${why}`);
    case 'gone':
      return observeGone(tally, event);
  }
}

function observeGone(tally: Tally, { instance, at, why }: Extract<TwinEvent, { kind: 'instance' }>): Tally {
  const drain = openDrain(tally, instance);
  if (drain === undefined) return tell(tally, at, `${short(instance)} is gone: ${why}`, 'bad');
  const lasted = `${((at - drain.decidedAt) / 1000).toFixed(1)} s after the decision`;
  return tell(changeDrain(tally, drain, { goneAt: at }), at, `${short(instance)} is gone, ${lasted}`, 'good');
}

function observeAgent(
  tally: Tally,
  { instance, at, level, event, fields }: Extract<Observation, { kind: 'agent' }>,
): Tally {
  if (level === 'error')
    return withTrouble(tally, at, `the agent on ${instance} says: ${event} ${JSON.stringify(fields)}`);
  const drain = openDrain(tally, instance);
  if (drain === undefined) return tally;
  switch (event) {
    case 'media-signalled': {
      if (drain.signalledAt !== undefined)
        return withTrouble(tally, at, `${instance}: its media server was signalled twice`);
      const after = `${((at - drain.decidedAt) / 1000).toFixed(2)} s after the decision`;
      return tell(
        changeDrain(tally, drain, { signalledAt: at }),
        at,
        `${short(instance)} takes no new calls: signalled ${after}`,
      );
    }
    case 'empty':
      return tell(
        changeDrain(tally, drain, { emptyAt: at }),
        at,
        `${short(instance)} is empty: its last call has ended`,
        'good',
      );
    default:
      return tally;
  }
}

function observeEnd(
  tally: Tally,
  { at, identity, instance, end, takenAway }: Extract<Observation, { kind: 'call-ended' }>,
): Tally {
  switch (end.kind) {
    case 'hung-up':
      return tally;
    case 'connection-lost': {
      if (takenAway) return cut(tally, at, identity, instance, 'the machine was taken away');
      const lost = { ...tally, callsLost: tally.callsLost + 1 };
      return tell(lost, at, `${identity} lost the call on ${short(instance)}: the connection broke`, 'bad');
    }
    case 'server-shutdown':
      return cut(tally, at, identity, instance, 'the media server was told to stop at once');
    case 'closed':
      return cut(tally, at, identity, instance, end.reason);
  }
}

function cut(tally: Tally, at: number, identity: string, instance: string, why: string): Tally {
  const counted = { ...tally, callsCut: tally.callsCut + 1 };
  return tell(counted, at, `${identity} is cut off on ${short(instance)}: ${why}`, 'bad');
}

function openDrain(tally: Tally, instance: string): Drain | undefined {
  return tally.drains.find((drain) => drain.instance === instance && drain.goneAt === undefined);
}

function changeDrain(tally: Tally, drain: Drain, change: Partial<Drain>): Tally {
  return { ...tally, drains: tally.drains.map((each) => (each === drain ? { ...drain, ...change } : each)) };
}

function withTrouble(tally: Tally, at: number, text: string): Tally {
  return { ...tell(tally, at, text, 'bad'), troubles: [...tally.troubles, text] };
}

function tell(tally: Tally, at: number, text: string, tone: News['tone'] = 'plain'): Tally {
  return { ...tally, news: [...tally.news, { at, text, tone }] };
}

/** Enough of an instance's id to tell it from its neighbours on a screen. */
export function short(instance: string): string {
  if (instance.length <= 8) return instance;
  const [kind = ''] = /^[a-z]-/.exec(instance) ?? [];
  return `${kind}…${instance.slice(-4)}`;
}
