import type { AgentConfig } from '../../fleet/agent-config.ts';
import type { Clock } from '../../fleet/clock.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { Registry } from '../../fleet/registry.ts';
import { type Agent, startAgent } from '../../node-agent/agent.ts';
import type { Cloud } from '../../node-agent/clouds/cloud.ts';
import { startState } from '../../node-agent/core/state.ts';
import { createLivekit } from '../../node-agent/media/livekit.ts';
import type { Ports } from '../../node-agent/ports.ts';
import { coreSettings, identify } from '../../node-agent/run.ts';
import { createStateFile, type Files } from '../../node-agent/store/state-file.ts';
import type { Disk } from './disk.ts';
import type { MediaUnit } from './media-unit.ts';
import { createMortal } from './mortal.ts';
import type { Boundary } from './step.ts';

/** One life of an agent process: everything in it stands still for ever once it is killed. */
export interface AgentLife {
  /** Undefined until it knows which machine it is on. */
  agent(): Agent | undefined;
  kill(): void;
}

export interface AgentLifeOptions {
  config: AgentConfig;
  clock: Clock;
  /** The wall's time on this node: it may jump. */
  wallNow(): number;
  send: SendHttp;
  connect(
    config: AgentConfig,
    network: { send: SendHttp; now: () => number },
  ): { cloud: Cloud; registry: Registry };
  /** Names the boot that this life is in. */
  boot: string;
  disk: Disk;
  unit: MediaUnit;
  /** Whether LiveKit's own registry can be asked. */
  hasMediaRegistry: boolean;
  /** The part of the processor that is used, from 0 to 1. */
  cpu(): number;
  log(event: string, fields: Record<string, unknown>): void;
  /** Called before and after every effect; answers whether the agent dies there. */
  dies(boundary: Boundary, when: 'before' | 'after'): boolean;
}

/** The agent as `run` composes it, with its real adapters, on a machine in memory. */
export function startAgentLife(options: AgentLifeOptions): AgentLife {
  const { config, unit, disk } = options;
  // As in `run`: the wall's time at the start, and from there the time that passes.
  const life = createMortal(options.clock, options.wallNow() - options.clock.now());
  const { clock, whileAlive } = life;
  let agent: Agent | undefined;

  const moment = () => ({ at: clock.now(), boot: options.boot, upMs: options.clock.now() });

  function kill(): void {
    agent?.stop();
    life.kill();
  }

  async function effect<T>(boundary: Boundary, run: () => Promise<T>): Promise<T> {
    if (life.isAlive() && options.dies(boundary, 'before')) kill();
    return whileAlive(async () => {
      const result = await run();
      if (life.isAlive() && options.dies(boundary, 'after')) kill();
      return result;
    });
  }

  const files: Files = {
    readFile: (path, encoding) => whileAlive(() => disk.files.readFile(path, encoding)),
    copyFile: (from, to) => whileAlive(() => disk.files.copyFile(from, to)),
    mkdir: (path, how) => whileAlive(() => disk.files.mkdir(path, how)),
    rename: (from, to) => effect('rename', () => disk.files.rename(from, to)),
    rm: (path, how) => whileAlive(() => disk.files.rm(path, how)),
    async open(path, flags, mode) {
      const file = await whileAlive(() => disk.files.open(path, flags, mode));
      return {
        writeFile: (text) => effect('write', () => file.writeFile(text)),
        sync: () => effect('sync', () => file.sync()),
        close: () => whileAlive(() => file.close()),
      };
    },
  };

  async function run(): Promise<void> {
    const network = { send: (request: Parameters<SendHttp>[0]) => whileAlive(() => options.send(request)) };
    const { cloud, registry } = options.connect(config, { ...network, now: options.wallNow });
    const stateFile = createStateFile(config.stateDirectory, moment, files);
    const log: Ports['log'] = (_level, event, fields = {}) => {
      if (life.isAlive()) options.log(event, fields);
    };
    const identity = await identify(cloud, config, log, clock);
    const stored = await stateFile.load();
    const state = startState(identity.node, clock.now(), stored);
    log('info', 'agent-started', { phase: state.durable.phase, stored: stored.kind });
    const { metricsUrl } = config.media;
    const livekit = createLivekit({
      metricsUrl,
      redisFile: undefined,
      timeoutMs: config.timeout.media,
      now: options.wallNow,
      ...network,
    });
    const ports: Ports = {
      cloud: {
        ...cloud,
        hold: () => effect('hold', cloud.hold),
        release: () => effect('release', cloud.release),
        ready: () => effect('ready', cloud.ready),
      },
      registry: {
        ...registry,
        writeStatus: (status) => effect('publish', () => registry.writeStatus(status)),
        readDecision: (node) => effect('read-decision', () => registry.readDecision(node)),
      },
      media: { ...livekit, readDrain: () => whileAlive(async () => readDrain()) },
      runtime: {
        read: () => whileAlive(unit.runtime.read),
        signal: (process) => effect('signal', () => unit.runtime.signal(process)),
        cut: (process, how) => effect('cut', () => unit.runtime.cut(process, how)),
        start: () => effect('start-media', unit.runtime.start),
      },
      inhibitor: { set: () => effect('inhibit', async () => ({ kind: 'done' as const })) },
      stateFile: { ...stateFile, save: (durable) => effect('save', () => stateFile.save(durable)) },
      log,
    };
    agent = startAgent(config, coreSettings(config, identity), ports, { used: options.cpu }, state, clock);
  }

  function readDrain() {
    const media = unit.life();
    if (!options.hasMediaRegistry || media === undefined)
      return { kind: 'unknown' as const, reason: 'this LiveKit has no registry' };
    return media.draining ? { kind: 'shutting-down' as const } : { kind: 'serving' as const, ageMs: 1_000 };
  }

  void run();
  return { agent: () => agent, kill };
}
