import { describeError } from '../../fleet/error.ts';
import { sendHttp } from '../../fleet/http.ts';
import { NO_WORK } from '../../fleet/status.ts';
import type { WorkReading } from '../core/state.ts';
import type { MediaServer } from './media.ts';
import { readSamples } from './prometheus.ts';

const ROOMS = 'livekit_room_total';
const PEOPLE = 'livekit_participant_total';
const TRACKS = 'livekit_track_published_total';

/** A LiveKit server, read by its own Prometheus metrics (`prometheus.port` must be on). */
export function createLivekit(options: { metricsUrl: string; timeoutMs: number }): MediaServer {
  return {
    async readWork() {
      try {
        const response = await sendHttp({
          method: 'GET',
          url: options.metricsUrl,
          timeoutMs: options.timeoutMs,
        });
        if (response.status !== 200) return unknown(`${options.metricsUrl} answered HTTP ${response.status}`);
        return workFromMetrics(response.body.toString());
      } catch (cause) {
        return unknown(`${options.metricsUrl} did not answer: ${describeError(cause)}`);
      }
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

function unknown(reason: string): WorkReading {
  return { kind: 'unknown', reason };
}
