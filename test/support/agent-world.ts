import * as assert from 'node:assert/strict';
import type { Decision } from '../../fleet/decision.ts';
import type { DecisionReading } from '../../fleet/registry.ts';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import type { Effect, Outcome } from '../../node-agent/core/effect.ts';
import type { AgentEvent, Command } from '../../node-agent/core/event.ts';
import type { CoreSettings } from '../../node-agent/core/settings.ts';
import {
  type AgentState,
  type DrainReading,
  type DurableState,
  type MediaProcess,
  type RuntimeReading,
  type StoredState,
  startState,
  type WorkReading,
} from '../../node-agent/core/state.ts';
import { takesWork } from '../../node-agent/core/status.ts';
import { transition } from '../../node-agent/core/transition.ts';

export const NODE = 'i-1';
export const T0 = Date.parse('2026-01-05T09:00:00Z');

const SETTINGS: CoreSettings = {
  pool: 'media',
  identity: {
    node: NODE,
    cloud: 'aws',
    zone: 'eu-central-1a',
    address: '10.0.0.1',
    software: { agent: '0.1.0' },
    capacity: null,
  },
  ceilingMs: undefined,
  onCeiling: 'keep',
  warnAfterMs: 4 * 3_600_000,
  onRebalance: 'report',
  leavesBy: 'call',
  heartbeatMs: 300_000,
  publishMs: 20_000,
  retryMs: 5_000,
  readingValidMs: 15_000,
};

/**
 * A media process as facts describe it: the first signal drains, the second kicks everyone, or ends every job; LiveKit
 * looks every 5 s whether it may end, the others as often here.
 */
interface Media extends MediaProcess {
  /** Those who would be cut: people, or jobs. */
  people: number;
  signals: number;
  drained: boolean;
  /** It got its signal in its first moments: it drains and never ends. */
  stuck: boolean;
}

/** LiveKit is not up yet: no metrics, and a signal goes lost for good. */
const FIRST_MOMENTS_MS = 2_000;
/** Its metrics answer a little earlier. */
const METRICS_AFTER_MS = 1_500;
/** An agent that is signalled in its first moments hangs, however early it tells its jobs. */
const AGENT_FIRST_MOMENTS_MS = 9_500;

const KINDS = {
  livekit: { carries: 'calls', signalSafe: 'told' },
  egress: { carries: 'egress', signalSafe: 'told' },
  agent: { carries: 'agents', signalSafe: 'told-and-aged' },
} as const;
export type MediaName = keyof typeof KINDS;

export type Fault =
  | 'runtime'
  | 'metrics'
  | 'metadata'
  | 'api'
  | 'registry'
  | 'disk'
  | 'signal-lost'
  | 'signal-refused'
  | 'signal-unsent';

/**
 * A node in virtual time: a media server, a cloud with a lifecycle hook, a disk and an agent core that can be killed
 * between any two effects. What must never happen is checked on every step.
 */
export class AgentWorld {
  at = T0;
  /** What runs, by name: LiveKit, and beside it what a test puts there. */
  readonly lives = new Map<MediaName, Media>();
  /** What runs under a name that the runtime does not look for. */
  readonly hidden = new Set<MediaName>();
  /** What systemd or the engine would do: start it again after a crash, after so many ms. */
  restartAfterMs: number | undefined = undefined;
  /** What fails as soon as it is started, again and again without end. */
  readonly loops = new Set<MediaName>();
  /** Whether its runtime can be told to start nothing again, as a container engine can. */
  canKeepDown: 'yes' | 'no' | 'not needed' = 'not needed';
  readonly exits = new Map<MediaName, { clean: boolean; text: string }>();
  target: 'stay' | 'leave' = 'stay';
  hookOpen = true;
  /** Whether the media server has a registry of its own (Redis) that tells its state. */
  hasRegistry = false;
  launchHookOpen = true;
  decision: Decision | undefined;
  /** A cloud that tells its wish by a record of it, and no other way. */
  mailbox = false;
  faults = new Set<Fault>();
  disk: { state: DurableState | undefined; corrupt: boolean } = { state: undefined, corrupt: false };
  agent: AgentState | undefined;
  /** Effects that are still carried out before the agent dies; undefined: it lives. */
  effectsLeft: number | undefined;
  settings: CoreSettings;
  kicked = 0;
  signalsSent: { process: string; people: number }[] = [];
  heartbeats = 0;
  released = false;
  wakes = 0;
  /** To what the machine consented, and who was on it then. */
  acknowledged: { id: string; people: number }[] = [];
  published: NodeStatus | undefined;
  replies: { accepted: boolean; text: string }[] = [];
  logs: { event: string; fields: Record<string, unknown> }[] = [];
  inhibited = false;
  private pids = 100;
  private readonly restartAt = new Map<MediaName, number>();

  constructor(settings: Partial<CoreSettings> = {}, beside: MediaName[] = []) {
    this.settings = { ...SETTINGS, ...settings };
    for (const name of ['livekit', ...beside] as const) this.startMedia(0, name);
    this.startAgent();
  }

  /** LiveKit's life. */
  get media(): Media | undefined {
    return this.lives.get('livekit');
  }

  startMedia(people = 0, name: MediaName = 'livekit'): void {
    this.pids += 1;
    const id = `boot-${this.pids}`;
    this.lives.set(name, {
      name,
      ...KINDS[name],
      id,
      pid: this.pids,
      startedAt: this.at,
      people,
      signals: 0,
      drained: false,
      stuck: false,
    });
    this.restartAt.delete(name);
    this.exits.delete(name);
  }

  endMedia(exit: { clean: boolean; text: string } | undefined, name: MediaName = 'livekit'): void {
    this.lives.delete(name);
    if (exit !== undefined) this.exits.set(name, exit);
  }

  startAgent(): void {
    const stored: StoredState = this.disk.corrupt
      ? { kind: 'lost', reason: 'it is garbage' }
      : this.disk.state === undefined
        ? { kind: 'none' }
        : { kind: 'found', state: structuredClone(this.disk.state) };
    this.agent = startState(NODE, this.at, stored);
    this.effectsLeft = undefined;
  }

  killAgent(): void {
    this.agent = undefined;
  }

  crashMedia(name: MediaName = 'livekit'): void {
    if (!this.lives.has(name)) return;
    this.endMedia({ clean: false, text: 'signal 11' }, name);
    if (this.restartAfterMs !== undefined) this.restartAt.set(name, this.at + this.restartAfterMs);
  }

  reboot(): void {
    this.killAgent();
    const names = new Set([...this.lives.keys(), ...this.restartAt.keys(), 'livekit' as const]);
    this.exits.clear();
    for (const name of names) this.startMedia(0, name);
    this.startAgent();
  }

  command(command: Command): { accepted: boolean; text: string } {
    this.dispatch({ kind: 'command', request: 1, command, at: this.at });
    if (this.agent === undefined) return { accepted: false, text: 'the agent died before it answered' };
    const reply = this.replies.at(-1);
    assert.ok(reply !== undefined, 'every command is answered');
    return reply;
  }

  /** Lets time pass in half seconds; `until` ends it early. Gives whether `until` came true. */
  pass(ms: number, until?: () => boolean): boolean {
    const end = this.at + ms;
    while (this.at < end) {
      if (until?.()) return true;
      this.at += 500;
      this.step();
    }
    return until?.() ?? true;
  }

  get phase(): string {
    return this.agent?.durable.phase ?? 'dead';
  }

  get alarms(): string[] {
    return (this.published?.alarms ?? []).map(({ name }) => name);
  }

  get takesWork(): boolean {
    return this.agent !== undefined && takesWork(this.agent, this.settings, this.at);
  }

  signalsTo(process: string): number {
    return this.signalsSent.filter((signal) => signal.process === process).length;
  }

  private step(): void {
    for (const [name, at] of this.restartAt) if (this.at >= at) this.startMedia(0, name);
    for (const [name, { drained, stuck, people }] of this.lives) {
      const ends = drained && !stuck && people === 0 && this.at % 5_000 === 0;
      if (ends) this.endMedia({ clean: true, text: 'exited 0' }, name);
    }
    const { at } = this;
    this.dispatch({ kind: 'tick', at });
    if (at % 1_000 === 0) {
      this.dispatch({ kind: 'runtime-read', reading: this.readRuntime(), at });
      this.dispatch({ kind: 'target-read', reading: this.readTarget(), at });
    }
    if (at % 2_000 === 0) this.dispatch({ kind: 'work-read', reading: this.readWork(), at });
  }

  private readRuntime(): RuntimeReading {
    if (this.faults.has('runtime')) return { kind: 'unknown', reason: 'systemd does not answer' };
    const seen = [...this.lives.values()].filter(({ name }) => !this.isHidden(name));
    const running = seen.map(
      ({ people: _, signals: __, drained: ___, stuck: ____, ...process }): MediaProcess => process,
    );
    const exits = [...this.exits].map(([name, exit]) => ({ name, ...exit }));
    return { kind: 'answered', running, willStart: [...this.restartAt.keys(), ...this.loops], exits };
  }

  private isHidden(name: string): boolean {
    return [...this.hidden].some((hidden) => hidden === name);
  }

  private readTarget() {
    if (this.faults.has('metadata')) return { kind: 'unknown', reason: 'metadata does not answer' } as const;
    if (!this.mailbox) return { kind: this.target } as const;
    if (this.faults.has('registry')) return { kind: 'unknown', reason: 'the mailbox is closed' } as const;
    if (this.decision === undefined) return { kind: 'stay' } as const;
    return { kind: 'leave', decision: this.decision } as const;
  }

  private readWork(): WorkReading {
    const lives = [...this.lives.values()];
    const starting = lives.some(({ startedAt }) => this.at - startedAt < METRICS_AFTER_MS);
    if (this.faults.has('metrics')) return { kind: 'unknown', reason: 'no metrics' };
    const isListening = this.media !== undefined && this.at - this.media.startedAt >= METRICS_AFTER_MS;
    const listens = isListening ? {} : { nobodyListens: true as const };
    if (lives.length === 0 || starting) return { kind: 'unknown', reason: 'no metrics', ...listens };
    const people = this.media?.people ?? 0;
    const jobs = (name: MediaName) => this.lives.get(name)?.people ?? 0;
    const work = { ...NO_WORK, egress: jobs('egress'), agents: jobs('agent') };
    return {
      kind: 'known',
      work: { ...work, rooms: people > 0 ? 1 : 0, people, tracks: people },
      ...listens,
    };
  }

  /** Something that happens besides what passes by itself. */
  notify(event: AgentEvent): void {
    this.dispatch(event);
  }

  private dispatch(event: AgentEvent): void {
    if (this.agent === undefined) return;
    const { state, effects } = transition(this.agent, event, this.settings);
    this.agent = state;
    for (const effect of effects) this.carryOut(effect);
  }

  private carryOut(effect: Effect): void {
    if (this.agent === undefined) return;
    if (effect.kind === 'log') {
      this.logs.push(effect);
      return;
    }
    const dies = this.effectsLeft === 0;
    if (this.effectsLeft !== undefined) this.effectsLeft -= 1;
    const outcome = this.perform(effect);
    // Death comes after the deed and before its outcome is known: the worst moment there is.
    if (dies) {
      this.killAgent();
      return;
    }
    if (effect.kind === 'reply') return;
    if (effect.kind === 'read-drain') {
      const { process } = effect;
      this.dispatch({ kind: 'drain-read', process, reading: this.readDrain(process), at: this.at });
      return;
    }
    if (effect.kind === 'read-decision') {
      this.dispatch({ kind: 'decision-read', reading: this.readDecision(), at: this.at });
      return;
    }
    this.dispatch({ kind: 'outcome', effect, outcome, at: this.at });
  }

  private readDrain(process: string): DrainReading {
    const { media } = this;
    if (!this.hasRegistry || media?.id !== process) return { kind: 'unknown', reason: 'no registry' };
    return media.drained ? { kind: 'shutting-down' } : { kind: 'serving', ageMs: 1_000 };
  }

  private readDecision(): DecisionReading {
    if (this.faults.has('registry')) return { kind: 'unknown', reason: 'the registry does not answer' };
    return this.decision === undefined ? { kind: 'none' } : { kind: 'decided', decision: this.decision };
  }

  private perform(effect: Effect): Outcome {
    const failed = (problem: string): Outcome => ({ kind: 'failed', problem });
    switch (effect.kind) {
      case 'save':
        if (this.faults.has('disk')) return failed('no space left on device');
        this.disk.state = structuredClone(effect.state);
        this.disk.corrupt = false;
        return { kind: 'done' };
      case 'signal':
      case 'cut':
        return this.deliver(effect);
      case 'start-media':
        if (this.media !== undefined && this.canKeepDown === 'not needed') return failed('it runs');
        for (const name of new Set([...this.exits.keys(), 'livekit' as const]))
          if (!this.lives.has(name)) this.startMedia(0, name);
        return { kind: 'done' };
      case 'keep-down':
        if (this.canKeepDown === 'not needed') return { kind: 'nothing-to-do', text: 'it gives up' };
        if (this.canKeepDown === 'no') return { kind: 'not-done', problem: 'this engine cannot' };
        for (const name of [...this.loops]) if (effect.names.includes(name)) this.loops.delete(name);
        for (const name of [...this.restartAt.keys()])
          if (effect.names.includes(name)) this.restartAt.delete(name);
        return { kind: 'done' };
      case 'hold':
        if (this.faults.has('api')) return failed('Throttling');
        if (!this.hookOpen) return { kind: 'nothing-to-do', text: 'No active Lifecycle Action found' };
        this.heartbeats += 1;
        return { kind: 'done' };
      case 'release':
        return this.giveBack();
      case 'ready':
        if (this.faults.has('api')) return failed('Throttling');
        if (!this.launchHookOpen) return { kind: 'nothing-to-do', text: 'No active Lifecycle Action found' };
        this.launchHookOpen = false;
        return { kind: 'done' };
      case 'acknowledge':
        if (this.faults.has('metadata')) return failed('metadata does not answer');
        this.acknowledged.push(...effect.events.map((id) => ({ id, people: this.media?.people ?? 0 })));
        return { kind: 'done' };
      case 'publish':
        if (this.faults.has('registry')) return failed('SlowDown');
        this.published = effect.status;
        return { kind: 'done' };
      case 'inhibit':
        this.inhibited = effect.on;
        return { kind: 'done' };
      case 'reply':
        this.replies.push(effect);
        return { kind: 'done' };
      case 'log':
      case 'read-decision':
      case 'read-drain':
        return { kind: 'done' };
    }
  }

  private deliver(effect: Extract<Effect, { kind: 'signal' | 'cut' }>): Outcome {
    const media = [...this.lives.values()].find(({ id }) => id === effect.process.id);
    const written = this.disk.state?.signals.some(({ process }) => process === effect.process.id);
    assert.ok(written, 'no signal without its intention on disk');
    if (media === undefined) return { kind: 'nothing-to-do', text: 'gone' };
    if (this.faults.has('signal-unsent') && effect.kind === 'signal')
      return { kind: 'not-done', problem: 'the engine does not answer' };
    if (this.faults.has('signal-refused')) return { kind: 'failed', problem: 'operation not permitted' };
    // Lost on the way: the sender is told that it went, which is what a crash in between looks like to the media.
    if (this.faults.has('signal-lost')) return { kind: 'done' };
    this.signalsSent.push({ process: media.id, people: media.people });
    media.signals += 1;
    media.drained = true;
    const firstMomentsMs = media.signalSafe === 'told-and-aged' ? AGENT_FIRST_MOMENTS_MS : FIRST_MOMENTS_MS;
    media.stuck = this.at - media.startedAt < firstMomentsMs;
    if (media.signals < 2 && effect.kind === 'signal') return { kind: 'done' };
    if (effect.kind === 'cut' && media.signals < 2 && !effect.kill) return { kind: 'done' };
    this.kicked += media.people;
    for (const [name, { id }] of this.lives) {
      if (id === media.id)
        this.endMedia({ clean: !(effect.kind === 'cut' && effect.kill), text: 'forced' }, name);
    }
    return { kind: 'done' };
  }

  private giveBack(): Outcome {
    const left = [...this.lives.values()].map(({ name, people }) => `${name} (${people})`);
    assert.deepEqual(left, [], 'never released while something runs');
    const wanted = this.mailbox ? this.decision !== undefined : this.target === 'leave';
    assert.ok(wanted, 'never released unless the cloud wants it');
    if (this.faults.has('api')) return { kind: 'failed', problem: 'Throttling' };
    if (this.mailbox) return this.wake();
    if (!this.hookOpen) return { kind: 'nothing-to-do', text: 'No active Lifecycle Action found' };
    this.released = true;
    return { kind: 'done' };
  }

  /** Who is woken goes by the registry: what it does not say, it does not do. */
  private wake(): Outcome {
    this.wakes += 1;
    const { published, decision } = this;
    const empty = published?.phase === 'empty' || published?.phase === 'leaving';
    if (empty && published.decision?.id === decision?.id) this.released = true;
    return { kind: 'done' };
  }
}
