import { describeError } from '../../fleet/error.ts';
import { NO_WORK, type Work } from '../../fleet/status.ts';
import type { WorkReading } from '../core/state.ts';
import { isRunning } from '../runtime/docker.ts';
import type { Container } from '../runtime/docker-engine.ts';
import type { MediaContainer, ReadContainers } from '../runtime/media-containers.ts';
import type { MediaServer } from './media.ts';
import {
  agentJobsFromWorker,
  egressJobsFromHealth,
  egressJobsFromMetrics,
  ingressJobsFromMetrics,
  type Jobs,
} from './openvidu-jobs.ts';
import { readPage } from './page.ts';

export interface OpenviduOptions {
  /** By its own metrics and registry. */
  livekit: MediaServer;
  readContainers: ReadContainers;
  egress: { healthPort: number; metricsPort?: number | undefined };
  ingress: { metricsPort?: number | undefined };
  agents: { port: number };
  timeoutMs: number;
}

/** Where a container tells its jobs, and what to do when it does not. */
interface Source {
  kind: 'egress' | 'ingress' | 'agents';
  port: number | undefined;
  path: string;
  parse: (page: string) => Jobs;
  advice: string;
}

/**
 * A media node of OpenVidu: LiveKit's rooms, people and tracks, and the jobs of egress, ingress and agents. A container
 * that is proven not to run has no jobs; one that runs and does not tell makes the whole work unknown.
 */
export function createOpenvidu(options: OpenviduOptions): MediaServer {
  const { livekit, readContainers, timeoutMs } = options;

  async function readWork(): Promise<WorkReading> {
    let containers: MediaContainer[];
    try {
      containers = await readContainers();
    } catch (cause) {
      return { kind: 'unknown', reason: describeError(cause) };
    }
    const running = containers.filter(({ container }) => isRunning(container));
    const beside = running.filter(({ role }) => role !== 'livekit');
    const [calls, jobs] = await Promise.all([
      readCalls(containers, running),
      Promise.all(beside.map(readJobs)),
    ]);
    const { nobodyListens } = calls;
    return { ...jobs.reduce(add, calls), ...(nobodyListens === undefined ? {} : { nobodyListens }) };
  }

  /**
   * LiveKit is asked even if its container is not seen: under another name it would still have its calls. It has none only
   * where its container is there and has ended, not where none was found.
   */
  async function readCalls(containers: MediaContainer[], running: MediaContainer[]): Promise<WorkReading> {
    const reading = await livekit.readWork();
    if (reading.kind === 'known') return reading;
    const isLivekit = ({ role }: MediaContainer) => role === 'livekit';
    if (running.length === 0) return { ...reading, reason: 'no media container runs' };
    if (running.some(isLivekit)) {
      const advice = 'prometheus.port in its configuration switches its metrics on';
      return { ...reading, reason: `LiveKit runs and does not tell its work: ${reading.reason} (${advice})` };
    }
    if (!containers.some(isLivekit))
      return { ...reading, reason: `no container of LiveKit is found under its name, and ${reading.reason}` };
    const { nobodyListens } = reading;
    return { kind: 'known', work: NO_WORK, ...(nobodyListens === undefined ? {} : { nobodyListens }) };
  }

  async function readJobs({ role, name, container }: MediaContainer): Promise<WorkReading> {
    if (role === 'unknown' || role === 'livekit') return unknown(name, 'what it is cannot be told any more');
    const { kind, port, path, parse, advice } = sourceOf(role, options);
    if (port === undefined) return unknown(name, advice);
    const address = addressOf(container);
    if (address === undefined) return unknown(name, 'it has no address that this machine can reach');
    const url = `http://${address}:${port}${path}`;
    const page = await readPage(url, timeoutMs);
    if ('reason' in page) return unknown(name, `${page.reason} (${advice})`);
    const parsed = parse(page.page);
    if ('reason' in parsed) return unknown(name, `${url}: ${parsed.reason}`);
    return { kind: 'known', work: { ...NO_WORK, [kind]: parsed.jobs } };
  }

  return { readWork, readDrain: () => livekit.readDrain() };
}

function sourceOf(
  role: 'egress' | 'ingress' | 'agent',
  { egress, ingress, agents }: OpenviduOptions,
): Source {
  switch (role) {
    case 'egress':
      if (egress.metricsPort !== undefined) {
        const advice = 'prometheus_port in its configuration switches its metrics on';
        return {
          kind: role,
          port: egress.metricsPort,
          path: '/metrics',
          parse: egressJobsFromMetrics,
          advice,
        };
      }
      return {
        kind: role,
        port: egress.healthPort,
        path: '/',
        parse: egressJobsFromHealth,
        advice: 'health_port in its configuration switches its health page on',
      };
    case 'ingress': {
      const advice =
        'its metrics are off: set prometheus_port in its configuration, and media.ingress.metricsPort';
      return {
        kind: role,
        port: ingress.metricsPort,
        path: '/metrics',
        parse: ingressJobsFromMetrics,
        advice,
      };
    }
    case 'agent': {
      const advice = 'LiveKit agents tell their jobs on port 8081, unless they are told otherwise';
      return { kind: 'agents', port: agents.port, path: '/worker', parse: agentJobsFromWorker, advice };
    }
  }
}

/** A container on the host's network is this machine; any other has an address of its own. */
function addressOf({ HostConfig, NetworkSettings }: Container): string | undefined {
  if (HostConfig.NetworkMode === 'host') return '127.0.0.1';
  return Object.values(NetworkSettings?.Networks ?? {}).find(({ IPAddress }) => IPAddress !== '')?.IPAddress;
}

function unknown(name: string, reason: string): WorkReading {
  return { kind: 'unknown', reason: `${name} runs and does not tell its jobs: ${reason}` };
}

/** Unknown in part is unknown as a whole, with every reason. */
function add(one: WorkReading, other: WorkReading): WorkReading {
  if (one.kind === 'unknown') {
    return other.kind === 'known' ? one : { kind: 'unknown', reason: `${one.reason}; ${other.reason}` };
  }
  if (other.kind === 'unknown') return other;
  const sum = (name: keyof Work) => one.work[name] + other.work[name];
  return {
    kind: 'known',
    work: {
      rooms: sum('rooms'),
      people: sum('people'),
      tracks: sum('tracks'),
      egress: sum('egress'),
      ingress: sum('ingress'),
      agents: sum('agents'),
    },
  };
}
