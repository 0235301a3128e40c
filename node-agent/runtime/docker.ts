import type { RestartPolicy } from '../../fleet/agent-config.ts';
import { describeError } from '../../fleet/error.ts';
import type { Outcome } from '../core/effect.ts';
import type { MediaExit, MediaProcess, RuntimeReading } from '../core/state.ts';
import { type Container, type DockerEngine, EngineError } from './docker-engine.ts';
import type { MediaContainer, ReadContainers } from './media-containers.ts';
import type { MediaRuntime } from './runtime.ts';

/** Once a container has ended, an engine that brings it back does so in moments, or says `restarting`. */
const COMES_BACK_WITHIN_MS = 10_000;
/** A container that was made is started soon: whoever made it waits for images and for others that it needs. */
const STARTS_WITHIN_MS = 600_000;
/** LiveKit and all that goes with it take it as the signal to drain. */
const DRAIN_SIGNAL = 'SIGQUIT';
/** LiveKit's agents end with 128 + SIGTERM when they have drained. */
const CLEAN_EXITS = { livekit: [0], egress: [0], ingress: [0], agent: [0, 143], unknown: [0] };

const CARRIES = {
  livekit: { carries: 'calls', signalSafe: 'told' },
  egress: { carries: 'egress', signalSafe: 'told' },
  ingress: { carries: 'ingress', signalSafe: 'told' },
  agent: { carries: 'agents', signalSafe: 'told-and-aged' },
  // Whatever it was, it is not touched early, and its end is a loss of calls.
  unknown: { carries: 'calls', signalSafe: 'told-and-aged' },
} as const;

export interface DockerOptions {
  engine: DockerEngine;
  readContainers: ReadContainers;
  /** What a container gets back when it is started afresh. */
  restartPolicy: RestartPolicy;
  now: () => number;
}

/** Media processes as containers. A life is a container and the time of its start. */
export function createDockerRuntime({
  engine,
  readContainers,
  restartPolicy,
  now,
}: DockerOptions): MediaRuntime {
  /** Since when each container that does not run is seen so. */
  let restingSince = new Map<string, number>();

  async function read(): Promise<RuntimeReading> {
    try {
      return sort(await readContainers());
    } catch (cause) {
      return { kind: 'unknown', reason: describeError(cause) };
    }
  }

  function sort(containers: MediaContainer[]): RuntimeReading {
    const running: MediaProcess[] = [];
    const willStart: string[] = [];
    const exits: MediaExit[] = [];
    const resting = new Map<string, number>();
    for (const media of containers) {
      const { name, container } = media;
      if (isRunning(container)) {
        running.push(processOf(media));
        continue;
      }
      const since = restingSince.get(container.Id) ?? now();
      resting.set(container.Id, since);
      exits.push(exitOf(media));
      if (comesBack(container, now() - since)) willStart.push(name);
    }
    restingSince = resting;
    return { kind: 'answered', running, willStart, exits };
  }

  async function signal(process: MediaProcess): Promise<Outcome> {
    let note: string;
    try {
      note = await takePolicy(process);
    } catch (cause) {
      return { kind: 'not-done', problem: describeError(cause) };
    }
    const sent = await send(process, DRAIN_SIGNAL);
    return sent.kind === 'done' && note !== '' ? { kind: 'done', note } : sent;
  }

  /** Nothing is to bring it back once it has drained. Gives a note where that cannot be had; the drain goes on all the same. */
  async function takePolicy({ id }: MediaProcess): Promise<string> {
    const container = await engine.inspect(containerOfLife(id));
    const policy = container?.HostConfig.RestartPolicy.Name ?? '';
    if (policy === '' || policy === 'no') return '';
    const may = `its restart policy ${policy} stays, and may bring it back`;
    try {
      const changed = await engine.setRestartPolicy(containerOfLife(id), 'no');
      return changed === 'not-supported' ? `${may}: this engine cannot change it` : '';
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause;
      return `${may}: ${cause.message}`;
    }
  }

  async function keepDown(names: readonly string[]): Promise<Outcome> {
    try {
      for (const { name, container } of await readContainers()) {
        const policy = container.HostConfig.RestartPolicy.Name;
        if (!names.includes(name) || policy === '' || policy === 'no') continue;
        if ((await engine.setRestartPolicy(container.Id, 'no')) !== 'not-supported') continue;
        const problem = `this engine cannot change the restart policy ${policy} of ${name}, which starts it again and again: remove this container`;
        return { kind: 'not-done', problem };
      }
      return { kind: 'done' };
    } catch (cause) {
      return { kind: 'not-done', problem: describeError(cause) };
    }
  }

  /** To exactly this life, after a last look. */
  async function send(process: MediaProcess, signal: NodeJS.Signals): Promise<Outcome> {
    const over: Outcome = { kind: 'nothing-to-do', text: `${process.name} (${process.id}) has ended` };
    try {
      const container = await engine.inspect(containerOfLife(process.id));
      if (container === undefined || !isRunning(container) || lifeOf(container) !== process.id) return over;
    } catch (cause) {
      return { kind: 'not-done', problem: describeError(cause) };
    }
    try {
      return (await engine.kill(containerOfLife(process.id), signal)) === 'sent' ? { kind: 'done' } : over;
    } catch (cause) {
      return { kind: 'failed', problem: `${signal} to ${process.name}: ${describeError(cause)}` };
    }
  }

  async function start(): Promise<Outcome> {
    try {
      const ours = (await readContainers()).filter(hasItsName);
      if (!ours.some(({ role }) => role === 'livekit'))
        return { kind: 'failed', problem: 'LiveKit has no container under the name that is set: create it' };
      for (const { container } of ours) {
        await engine.setRestartPolicy(container.Id, restartPolicy);
        await engine.start(container.Id);
      }
      return { kind: 'done' };
    } catch (cause) {
      return { kind: 'failed', problem: describeError(cause) };
    }
  }

  return {
    read,
    signal,
    cut: (process, kill) => send(process, kill ? 'SIGKILL' : DRAIN_SIGNAL),
    start,
    keepDown,
  };
}

/** Docker says of a container between two lives that it runs, and that it is restarting; podman of one that it stops that it does not. */
export function isRunning({ State }: Container): boolean {
  if (State.Status === 'restarting') return false;
  return State.Running || State.Status === 'paused' || State.Status === 'stopping';
}

/** One that was renamed is watched to its end, but whoever renamed it does not want it back. */
function hasItsName({ role, name, container }: MediaContainer): boolean {
  return role === 'agent' || (role !== 'unknown' && container.Name === `/${name}`);
}

function processOf({ role, name, container }: MediaContainer): MediaProcess {
  const startedAt = Date.parse(container.State.StartedAt);
  if (Number.isNaN(startedAt))
    throw new Error(`the engine does not tell since when ${name} runs: "${container.State.StartedAt}"`);
  const { Image } = container.Config;
  return {
    name,
    id: lifeOf(container),
    pid: container.State.Pid,
    startedAt,
    ...(Image === '' ? {} : { version: Image }),
    ...CARRIES[role],
  };
}

const ID_CHARACTERS = 12;

function lifeOf({ Id, State }: Container): string {
  return `${Id.slice(0, ID_CHARACTERS)}@${State.StartedAt}`;
}

/** The container's id in a life's id. */
export function containerOfLife(life: string): string {
  return life.slice(0, ID_CHARACTERS);
}

function exitOf({ role, name, container }: MediaContainer): MediaExit {
  const { Status, ExitCode, Error: problem, OOMKilled } = container.State;
  const clean = Status !== 'created' && problem === '' && !OOMKilled && CLEAN_EXITS[role].includes(ExitCode);
  const why = `${OOMKilled ? ', out of memory' : ''}${problem === '' ? '' : `, ${problem}`}`;
  return { name, clean, text: `${Status}, exit code ${ExitCode}${why}` };
}

/** Without a life: is it over, or about to begin (again)? */
function comesBack({ State, HostConfig, RestartCount }: Container, restsForMs: number): boolean {
  switch (State.Status) {
    case 'restarting':
      return true;
    case 'created':
    case 'configured':
    case 'initialized':
      // One that could not be started is not tried again by the engine.
      return State.Error === '' && restsForMs < STARTS_WITHIN_MS;
    case 'exited':
    case 'stopped':
    case 'removing':
    case 'dead': {
      const { Name, MaximumRetryCount: most } = HostConfig.RestartPolicy;
      const restarts =
        Name === 'always' ||
        Name === 'unless-stopped' ||
        (Name === 'on-failure' && State.ExitCode !== 0 && (most === 0 || RestartCount < most));
      return restarts && restsForMs < COMES_BACK_WITHIN_MS;
    }
    default:
      throw new Error(`the engine says "${State.Status}" of a container: this state is not known`);
  }
}
