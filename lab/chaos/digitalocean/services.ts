import type { Clock } from '../../../fleet/clock.ts';
import type { Faults } from '../../cloud/faults.ts';
import type { Droplet } from '../../digitalocean/droplets/droplet.ts';
import type { OceanFaulty } from '../../digitalocean/faults.ts';
import type { Answer } from '../../digitalocean/front/answer.ts';
import { answerMetadata } from '../../digitalocean/metadata.ts';
import { createSpaces } from '../../digitalocean/spaces.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Destination, Reply } from '../network.ts';
import type { OneFault } from '../one-fault.ts';

export type OceanFault = OneFault<OceanFaulty>;

/** Until then (ms since the epoch) a service is out of order, for everybody. */
export interface Outages {
  storeGoneUntil: number;
  storeSlowUntil: number;
  storeSlowMs: number;
  /** From now on it answers so many requests more, and none until then. */
  limited: { left: number; until: number; tells: boolean };
  /** So many births meet that. */
  unsureBirths: { times: number; made: boolean };
  halfTags: number;
}

export function noOutages(): Outages {
  return {
    storeGoneUntil: 0,
    storeSlowUntil: 0,
    storeSlowMs: 0,
    limited: { left: 0, until: 0, tells: false },
    unsureBirths: { times: 0, made: false },
    halfTags: 0,
  };
}

export function faultOf(outages: Outages, now: () => number): Faults<OceanFaulty>['take'] {
  return ({ service }) => (service === 'spaces' && now() < outages.storeGoneUntil ? 'error' : undefined);
}

const NEVER = new Promise<undefined>(() => undefined);

/** Whoever asks is told what time it is there. */
function dated(reply: Reply | undefined, now: number): Reply | undefined {
  return reply && { ...reply, headers: { ...reply.headers, date: new Date(now).toUTCString() } };
}

export interface ApiOptions {
  answer: Answer;
  fault: OceanFault;
  outages: Outages;
  clock: Clock;
  offsetMs: number;
}

/** The API, as calls reach it. */
export function apiDestination({ answer, fault, outages, clock, offsetMs }: ApiOptions): Destination {
  const run = (request: RawRequest, wanted: Parameters<Destination['answer']>[1]) =>
    dated(
      fault.during(wanted, () => answer(request)),
      clock.now() + offsetMs,
    );

  function refusal(): Reply | undefined {
    const { limited } = outages;
    const leftMs = limited.until - clock.now();
    if (leftMs <= 0) return undefined;
    limited.left -= 1;
    if (limited.left >= 0) return undefined;
    const wait = limited.tells ? { 'retry-after': String(Math.ceil(leftMs / 1_000)) } : {};
    const body = JSON.stringify({ id: 'too_many_requests', message: 'API rate limit exceeded.' });
    return { status: 429, headers: { 'content-type': 'application/json', ...wait }, body };
  }

  return {
    way: 'api',
    answer(request, wanted) {
      const refused = refusal();
      if (refused !== undefined) return dated(refused, clock.now() + offsetMs);
      const { unsureBirths } = outages;
      if (request.method === 'POST' && request.target === '/v2/droplets' && unsureBirths.times > 0) {
        unsureBirths.times -= 1;
        if (unsureBirths.made) run(request, wanted);
        return NEVER;
      }
      if (request.target.endsWith('/resources') && outages.halfTags > 0) {
        outages.halfTags -= 1;
        run(firstHalf(request), wanted);
        return NEVER;
      }
      return run(request, wanted);
    },
  };
}

/** Of those that a tag is meant for. */
function firstHalf(request: RawRequest): RawRequest {
  const { resources } = JSON.parse(request.body.toString());
  const half = resources.slice(0, Math.ceil(resources.length / 2));
  return { ...request, body: Buffer.from(JSON.stringify({ resources: half })) };
}

export interface StoreOptions extends Omit<Parameters<typeof createSpaces>[0], 'faults'> {
  fault: OceanFault;
  outages: Outages;
  clock: Clock;
}

/** Spaces, as calls reach it. `now`: by its own clock. */
export function storeDestination({ fault, outages, clock, ...options }: StoreOptions): Destination {
  const spaces = createSpaces({ ...options, faults: fault });
  const answer = (request: RawRequest, wanted: Parameters<Destination['answer']>[1]) =>
    dated(
      fault.during(wanted, () => spaces(request)),
      options.now(),
    );
  return {
    way: 'store',
    answer(request, wanted) {
      if (clock.now() >= outages.storeSlowUntil) return answer(request, wanted);
      return new Promise((resolve) => {
        clock.after(outages.storeSlowMs, () => resolve(answer(request, wanted)));
      });
    },
  };
}

/** The metadata service of one droplet. */
export function metadataDestination(droplet: Droplet, fault: OceanFault): Destination {
  return {
    way: 'metadata',
    answer: (request, wanted) => fault.during(wanted, () => answerMetadata(request, droplet, fault)),
  };
}
