import type { Decision } from '../../fleet/decision.ts';
import type { NodeStatus, Work } from '../../fleet/status.ts';
import { NO_TALLY, type Tally } from './tally.ts';

/** One life of a media process: `id` is made of its pid (or container id) and start time, so that it never recurs. */
export interface MediaProcess {
  name: string;
  id: string;
  pid: number;
  startedAt: number;
  version?: string;
  /** What ends with it: the calls (rooms, people, tracks), or the jobs of one kind. */
  carries: 'calls' | 'egress' | 'ingress' | 'agents';
  /** From when on it takes a signal: once it has told its work for a while, or when it has an age besides. */
  signalSafe: 'told' | 'told-and-aged';
}

/** How the last life of a name ended. `clean`: of its own accord, and well. */
export interface MediaExit {
  name: string;
  clean: boolean;
  text: string;
}

/** What the runtime says of the media. `willStart`: names that it is about to start (again) by itself. */
export type RuntimeReading =
  | {
      kind: 'answered';
      running: MediaProcess[];
      willStart: string[];
      /** Of the names that do not run, where the runtime can tell. */
      exits?: MediaExit[];
    }
  | { kind: 'unknown'; reason: string };

/** How the operator's own script that brings the media server fares. `at-rest`: it has ended well, or was not begun. */
export type SetupReading =
  | { kind: 'running' }
  | { kind: 'failed'; text: string }
  | { kind: 'at-rest' }
  | { kind: 'unknown'; reason: string };

/** What the media servers say of their work. Unknown is never empty. */
export type WorkReading = ({ kind: 'known'; work: Work } | { kind: 'unknown'; reason: string }) & {
  /** Nobody listens where LiveKit tells its calls: proof that it is not there, as no error and no silence is. */
  nobodyListens?: true;
};

/** What the media's own registry says of its state; `ageMs` is since it was written, by the node's own clock. */
export type DrainReading =
  | { kind: 'shutting-down' }
  | { kind: 'serving'; ageMs: number }
  | { kind: 'unknown'; reason: string };

/** What the cloud wants of this machine; `decision`: where its wish comes with its record, as in a mailbox. */
export type TargetReading =
  | { kind: 'stay' }
  | { kind: 'leave'; decision?: Decision }
  | { kind: 'unknown'; reason: string };

/** The cloud takes this machine at `deadline` (ms since the epoch), whatever is on it. */
export interface Interruption {
  deadline: number;
  by: (typeof INTERRUPTIONS)[number];
}
/** `termination`: somebody has deleted the machine, and the cloud gives it some minutes. */
export const INTERRUPTIONS = ['spot-interruption', 'host-maintenance', 'termination'] as const;

/** What the cloud is about to do to this machine, and waits with for its consent. `isDue`: but no longer. */
export interface ScheduledEvent {
  id: string;
  isDue: boolean;
}

/**
 * What was done to one life of a media process. `about-to-signal` is written before the signal, `signalled` after it.
 * Found at a start, `about-to-signal` becomes `uncertain`: the agent died in between and nobody knows.
 * `about-to-cut` and `cut` are the forced end that only the operator's ceiling brings.
 */
export interface SignalRecord {
  process: string;
  state: 'about-to-signal' | 'signalled' | 'uncertain' | 'about-to-cut' | 'cut';
  /** Since when it is in this state. */
  at: number;
  /** The durable revision that first held this state: nothing is sent before that revision is on disk. */
  revision: number;
  /** Of a cut: the people on it, as last known before; they are counted when that life has ended. */
  people: number;
}

export type AgentPhase = 'booting' | 'serving' | 'draining' | 'empty' | 'leaving';

/** What must survive a crash or a reboot. Written whole, before anything that cannot be undone. Times in ms since the epoch. */
export interface DurableState {
  v: 1;
  node: string;
  /** When an agent first ran on this machine. */
  bootedAt: number;
  phase: AgentPhase;
  since: number;
  decision: Decision | null;
  /** When this node began to drain because of the decision; the ceiling counts from here. */
  drainingSince: number | null;
  /** Of that drain: when its first signal went out, and when the node was empty. */
  signalledAt: number | null;
  emptiedAt: number | null;
  signals: SignalRecord[];
  /** The lives that the runtime last told of: by these it finds them again, whatever they are called by then. */
  lives: string[];
  /** Whether the cloud has been told that this machine takes work. */
  ready: boolean;
  /** An earlier state was lost: processes older than this may have been signalled (`checked`: those are marked so). */
  lostBefore: { at: number; reason: string; checked: boolean } | null;
  callsCut: number;
  callsLost: number;
  /** When calls were cut, and lost, last; null: never. */
  cutAt: number | null;
  lostAt: number | null;
  drainsEnded: number;
  tally: Tally;
}

/** An effect that is retried until it succeeds: when it may be tried again, and since when it fails. */
export interface Retry {
  inFlight: boolean;
  notBefore: number;
  failures: number;
  failingSince: number | null;
  problem: string | null;
}

export const IDLE: Retry = { inFlight: false, notBefore: 0, failures: 0, failingSince: null, problem: null };

/** A life that runs, as far as this agent has watched it. */
export interface WatchedLife {
  process: MediaProcess;
  /** Since when it is there: its own word for those that were there before us, else when it was first seen. */
  since: number;
  /** Since when its work is told. */
  toldSince: number | null;
}

/** What stands behind "no process that carries calls is here" besides that none was found (absence.ts). */
export interface CallsWatch {
  /** The runtime has seen it, and nobody unseen has told calls since: its end is then the runtime's to tell. */
  seen: boolean;
  /** Since when, without a break, nobody listens where calls are told. */
  nobodySince: number | null;
}

/** What is only known while the agent runs. A proof that needs two readings begins anew after a restart. */
export interface Observed {
  startedAt: number;
  runtime: RuntimeReading | null;
  runtimeAt: number;
  /**
   * The lives that the runtime last answered with; kept over unanswered questions, so that no end goes unseen. Null
   * until it has answered for the first time.
   */
  lives: WatchedLife[] | null;
  /** Since when, without a break, the runtime answers that nothing runs and nothing will. */
  absentSince: number | null;
  /** Since when, without a break, it answers that nothing that carries calls runs, and nothing will start. */
  downSince: number | null;
  calls: CallsWatch;
  work: WorkReading | null;
  workAt: number;
  /** Since when, without a break, the work is known to be zero. */
  zeroSince: number | null;
  /** Since when, without a break, the work is unknown (kept by transition.ts). */
  unknownSince: number | null;
  /** The last known wish of the cloud, and since when it cannot be read. */
  target: 'stay' | 'leave' | null;
  targetUnknown: { since: number; reason: string } | null;
  /** The cloud wants this node to leave, and its decision is being looked up since then. */
  askedDecisionAt: number | null;
  interruption: Interruption | null;
  /** What waits for this machine's consent, and to what of it that was given. */
  scheduled: ScheduledEvent[];
  acknowledged: string[];
  /** What the cloud says ahead and does not insist on. `heeded`: it led to a drain already, and does so once only. */
  advice: 'none' | 'given' | 'heeded';
  protected: boolean;
  cpu: number | null;
  revision: number;
  savedRevision: number;
  /** What an operator is told once it is on disk. */
  promises: { request: number; text: string; revision: number }[];
  inhibited: boolean;
  inhibitedAt: number;
  inhibit: Retry;
  signalling: string[];
  /** Signals that for certain did not go out, since nobody could be asked. */
  signal: Retry;
  save: Retry;
  publish: Retry;
  hold: Retry;
  release: Retry;
  acknowledge: Retry;
  ready: Retry;
  start: Retry;
  /** Whether what the runtime would start again by itself can be kept down, and what was, since the last resume. */
  keepDown: Retry;
  keptDown: string[];
  /** When a doubt about a signal may be looked into again. */
  askDrainAt: number;
  /** The hook that held this machine has ended without us: the cloud retains it, or is about to. */
  hookEnded: boolean;
  heldAt: number | null;
  publishedAt: number | null;
  publishedText: string | null;
  /** What the registry was last told. */
  published: Pick<NodeStatus, 'phase' | 'since' | 'decision'> | null;
  /** What stands in the way now, and how often each came to stand there, by `refusalKey` (refusals.ts). */
  refusing: string[];
  refusals: Readonly<Record<string, number>>;
  /** Another agent that was published for this node, and does not run here. */
  update: PublishedUpdate | null;
  /** That script, and since when it is so, as far as this agent has watched it; null where there is none. */
  setup: { reading: Exclude<SetupReading, { kind: 'unknown' }>; since: number } | null;
  setupUnknown: { since: number; reason: string } | null;
}

/**
 * `failed`: it was tried here and did not come up, or could not be taken. `unknown`: what is published could not be read, and
 * has neither version nor build. `build`: the beginning of its sha256.
 */
export interface PublishedUpdate {
  state: 'pending' | 'failed' | 'unknown';
  version: string;
  build: string;
  since: number;
  text: string;
}

export interface AgentState {
  durable: DurableState;
  observed: Observed;
}

/** The state of an agent that starts: what was written, or a fresh one, with every proof still to be made. */
export function startState(node: string, at: number, stored: StoredState): AgentState {
  const durable = recover(node, at, stored);
  const known = stored.kind === 'found';
  return {
    durable,
    observed: {
      startedAt: at,
      runtime: null,
      runtimeAt: 0,
      lives: null,
      absentSince: null,
      downSince: null,
      calls: { seen: false, nobodySince: null },
      work: null,
      workAt: 0,
      zeroSince: null,
      unknownSince: at,
      target: null,
      targetUnknown: null,
      askedDecisionAt: null,
      interruption: null,
      scheduled: [],
      acknowledged: [],
      advice: 'none',
      protected: false,
      cpu: null,
      revision: 1,
      savedRevision: known && durable === stored.state ? 1 : 0,
      promises: [],
      inhibited: false,
      inhibitedAt: 0,
      inhibit: IDLE,
      signalling: [],
      signal: IDLE,
      save: IDLE,
      publish: IDLE,
      hold: IDLE,
      release: IDLE,
      acknowledge: IDLE,
      ready: IDLE,
      start: IDLE,
      keepDown: IDLE,
      keptDown: [],
      askDrainAt: 0,
      hookEnded: false,
      heldAt: null,
      publishedAt: null,
      publishedText: null,
      published: null,
      refusing: [],
      refusals: {},
      update: null,
      setup: null,
      setupUnknown: null,
    },
  };
}

/** What the state file held: `lost` when it could not be read or parsed (it is then kept aside). */
export type StoredState =
  | { kind: 'found'; state: DurableState }
  | { kind: 'none' }
  | { kind: 'lost'; reason: string };

function recover(node: string, at: number, stored: StoredState): DurableState {
  if (stored.kind === 'found' && stored.state.node === node) {
    const state = forgetInterruption(stored.state, at);
    if (!state.signals.some(isUnfinished)) return state;
    return { ...state, signals: state.signals.map((record) => afterCrash(record, at)) };
  }
  const lostBefore =
    stored.kind === 'lost'
      ? { at, reason: stored.reason, checked: false }
      : stored.kind === 'found'
        ? { at, reason: `the state file is of node ${stored.state.node}`, checked: false }
        : null;
  return {
    v: 1,
    node,
    bootedAt: at,
    phase: 'booting',
    since: at,
    decision: null,
    drainingSince: null,
    signalledAt: null,
    emptiedAt: null,
    signals: [],
    lives: [],
    ready: false,
    lostBefore,
    callsCut: 0,
    callsLost: 0,
    cutAt: null,
    lostAt: null,
    drainsEnded: 0,
    tally: NO_TALLY,
  };
}

/**
 * A machine that has outlived its interruption was started again after it, and is wanted: nobody else ever takes back
 * what this agent decided by itself. If it is still to come, the cloud tells so again.
 */
function forgetInterruption(state: DurableState, at: number): DurableState {
  const { decision } = state;
  const own = INTERRUPTIONS.some((by) => by === decision?.by);
  if (!own || decision?.deadline === undefined || Date.parse(decision.deadline) > at) return state;
  const noDrain = { decision: null, drainingSince: null, signalledAt: null, emptiedAt: null };
  return { ...state, phase: 'booting', since: at, ...noDrain };
}

function isUnfinished(record: SignalRecord): boolean {
  return record.state === 'about-to-signal' || record.state === 'about-to-cut';
}

/** A cut that may not have arrived is sent again: its ceiling has passed. A drain signal never is, without proof. */
function afterCrash(record: SignalRecord, at: number): SignalRecord {
  switch (record.state) {
    case 'about-to-signal':
      return { ...record, state: 'uncertain', at, revision: 0 };
    case 'about-to-cut':
      return { ...record, at, revision: 0 };
    case 'signalled':
    case 'uncertain':
    case 'cut':
      return { ...record, revision: 0 };
  }
}
