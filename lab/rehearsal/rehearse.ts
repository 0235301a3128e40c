import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../fleet/error.ts';
import type { CloudName } from '../cloud/names.ts';
import type { NewTwin } from '../cloud/twin-cloud.ts';
import type { RehearsalArguments } from './arguments.ts';
import { REHEARSED } from './clouds.ts';
import { advance, DAWN, type DayClock } from './day-clock.ts';
import type { Picture } from './picture.ts';
import { type DayShape, type Gate, planDay } from './plan.ts';
import { type Provisioned, provision } from './provision.ts';
import { type Mode, type Outcome, shortcomings, type Trouble } from './report.ts';
import { createRun, type Run } from './run.ts';
import type { News } from './tally.ts';

export interface RehearseOptions extends Omit<RehearsalArguments, 'clouds' | 'json'> {
  cloud: CloudName;
  /** Which of how many, for people; empty where it is the only one. */
  place: string;
  show: (picture: Picture) => void;
  signal: AbortSignal;
}

const MEDIA = {
  twin: 'a twin of LiveKit',
  container: 'a twin of LiveKit in containers',
  livekit: 'the real LiveKit',
};
const TICK_MS = 100;
const SETTLE_MS = 45_000;
/** The factor that the day was made for: with another one it passes as much faster or slower as the cloud does. */
const DAY_FACTOR = 60;

const TWIN_DAY = {
  shortRoomsPerNode: 7,
  longRoomsPerNode: 2,
  peoplePerShortRoom: 3,
  peoplePerLongRoom: 3,
  eveningRooms: 3,
};
/** Real WebRTC clients are heavy: as few as make a day. */
const LIVEKIT_DAY = {
  shortRoomsPerNode: 2,
  longRoomsPerNode: 1,
  peoplePerShortRoom: 1,
  peoplePerLongRoom: 2,
  eveningRooms: 1,
};

/** Provisions, lives the day twice side by side, and tells how it went. Whatever it started has ended when it returns. */
export async function rehearse(options: RehearseOptions): Promise<Outcome> {
  const startedAt = Date.now();
  const title = `Ebbtide rehearsal: ${options.cloud}${options.place}, ${MEDIA[options.media]}`;
  const news: Picture['news'][number][] = [];
  const draw = (act: string, runs: readonly Run[]): void => {
    const elapsedMs = Date.now() - startedAt;
    options.show({ elapsedMs, startedAt, title, act, runs: runs.map((run) => run.picture()), news });
  };

  draw('applying the Pulumi program to a twin cloud', []);
  const provisioned = await provision(options, REHEARSED[options.cloud]);
  const { load } = REHEARSED[options.cloud];
  const shape: DayShape = {
    seed: options.seed,
    ...load,
    ...(options.media === 'livekit' ? LIVEKIT_DAY : TWIN_DAY),
  };
  const runs: Run[] = [];
  try {
    for (const mode of ['ebbtide', 'control'] as const) {
      const onNews = (each: News) => news.push({ ...each, mode });
      runs.push(await newRun({ mode, options, shape, provisioned, onNews }));
    }
    for (const run of runs) run.start();
    const { missed, stoodStillMs } = await live({
      runs,
      shape,
      pace: options.factor / DAY_FACTOR,
      signal: options.signal,
      draw,
    });
    const reports = runs.map((run) => run.report());
    draw('the day is over', runs);
    const troubles = [...missed.flatMap(troublesOfGate), ...runs.flatMap(troublesOf)];
    return {
      cloud: options.cloud,
      runs: reports,
      shortcomings: shortcomings(reports, troubles, stoodStillMs),
    };
  } finally {
    await endAll([...runs, provisioned]);
  }
}

/** Every one is told to end, whatever becomes of the others. */
async function endAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  const problems: string[] = [];
  for (const part of parts) {
    await part.close().catch((cause: unknown) => problems.push(describeError(cause)));
  }
  if (problems.length > 0) throw new Error(`the rehearsal could not be cleared away: ${problems.join('; ')}`);
}

interface NewRun {
  mode: Mode;
  options: RehearseOptions;
  shape: DayShape;
  provisioned: Provisioned<NewTwin>;
  onNews: (news: News) => void;
}

function newRun({ mode, options, shape, provisioned, onNews }: NewRun): Promise<Run> {
  const { cloud, media, factor } = options;
  const driver = provisioned.drivers[mode];
  return createRun({
    cloud,
    mode,
    media,
    factor,
    plan: planDay(shape),
    newTwin: provisioned.applied[mode],
    driver,
    images: provisioned.images,
    onNews,
  });
}

interface Living {
  runs: readonly Run[];
  shape: DayShape;
  /** How fast the day passes. */
  pace: number;
  signal: AbortSignal;
  draw: (act: string, runs: readonly Run[]) => void;
}

interface Lived extends Pick<DayClock, 'missed'> {
  /** The longest that this machine did nothing for the day. */
  stoodStillMs: number;
}

async function live({ runs, shape, pace, signal, draw }: Living): Promise<Lived> {
  const plan = planDay(shape);
  let clock: DayClock = DAWN;
  let lastMs = performance.now();
  let stoodStillMs = 0;
  let overSinceMs: number | undefined;
  // A slow cloud is waited for longer, but machines boot no faster in a fast one.
  const patience = Math.max(1, 1 / pace);
  while (true) {
    signal.throwIfAborted();
    const nowMs = performance.now();
    const nodes = Math.min(...runs.map((run) => run.nodesInService()));
    const elapsedMs = nowMs - lastMs;
    stoodStillMs = Math.max(stoodStillMs, elapsedMs);
    clock = advance(clock, plan.gates, { nowMs, elapsedMs, pace, patience, nodes });
    lastMs = nowMs;
    for (const run of runs) run.people.liveUntil(clock.dayMs);
    if (clock.dayMs >= plan.endMs) {
      overSinceMs ??= nowMs;
      draw('night: everybody has gone home, the group becomes as small as it may be', runs);
      if (runs.every((run) => run.isSettled()) || nowMs - overSinceMs > SETTLE_MS * patience)
        return { missed: clock.missed, stoodStillMs };
    } else {
      draw(actOf(clock, plan), runs);
    }
    await sleep(TICK_MS);
  }
}

function actOf({ dayMs, waiting }: DayClock, { acts }: ReturnType<typeof planDay>): string {
  if (waiting !== undefined) return `waiting until ${waiting.gate.nodes} nodes take calls`;
  const act = acts.findLast(({ atMs }) => atMs <= dayMs);
  return act === undefined ? '' : `${act.name}: ${act.text}`;
}

/** A day that did not wait for its nodes any longer is another day than the one that was planned. */
function troublesOfGate({ nodes, waitMs }: Gate): Trouble[] {
  const text = `${nodes} nodes should have taken calls, and did not within ${waitMs / 1000} s`;
  return [{ text }];
}

function troublesOf({ mode, tally }: Run): Trouble[] {
  return tally.troubles.map((text) => ({ mode, text }));
}
