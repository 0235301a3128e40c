import { type SendHttp, sendHttp } from '../../fleet/http.ts';
import { NO_WORK } from '../../fleet/status.ts';
import type { WorkReading } from '../core/state.ts';
import { readDrainState } from './livekit-registry.ts';
import type { MediaServer } from './media.ts';
import { readPage } from './page.ts';
import { readSamples } from './prometheus.ts';

const ROOMS = 'livekit_room_total';
const PEOPLE = 'livekit_participant_total';
const TRACKS = 'livekit_track_published_total';

export interface LivekitOptions {
  metricsUrl: string;
  /** Where several nodes share a registry; a single node without Redis has none. */
  redisFile: string | undefined;
  timeoutMs: number;
  send?: SendHttp;
  now: () => number;
}

/** A LiveKit server, read by its own Prometheus metrics (`prometheus.port` must be on). */
export function createLivekit({
  metricsUrl,
  redisFile,
  timeoutMs,
  send = sendHttp,
  now,
}: LivekitOptions): MediaServer {
  return {
    async readWork() {
      const metrics = await readPage(metricsUrl, timeoutMs, send);
      return 'reason' in metrics ? { kind: 'unknown', ...metrics } : workFromMetrics(metrics.page);
    },
    async readDrain() {
      if (redisFile === undefined) return unknown('this LiveKit has no registry');
      const metrics = await readPage(metricsUrl, timeoutMs, send);
      if ('reason' in metrics) return unknown(metrics.reason);
      const nodeId = /node_id="([^"]+)"/.exec(metrics.page)?.[1];
      if (nodeId === undefined) return unknown('the metrics do not tell the node id');
      return readDrainState(nodeId, { redisFile, timeoutMs, now });
    },
  };
}

/** Rooms are the node's own; people include those whose signalling merely passes through, so that they may be more. */
export function workFromMetrics(page: string): WorkReading {
  const samples = readSamples(page, [ROOMS, PEOPLE, TRACKS]);
  for (const name of [ROOMS, PEOPLE]) {
    if (!samples.some((sample) => sample.name === name)) return unknown(`the metrics do not hold ${name}`);
  }
  const sum = (name: string) =>
    samples.filter((sample) => sample.name === name).reduce((total, { value }) => total + value, 0);
  const work = { ...NO_WORK, rooms: sum(ROOMS), people: sum(PEOPLE), tracks: sum(TRACKS) };
  const wrong = Object.entries(work).find(([, value]) => !Number.isInteger(value) || value < 0);
  if (wrong !== undefined) return unknown(`the metrics give ${wrong[1]} ${wrong[0]}`);
  return { kind: 'known', work };
}

function unknown(reason: string): { kind: 'unknown'; reason: string } {
  return { kind: 'unknown', reason };
}
