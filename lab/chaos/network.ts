import type { Clock } from '../../fleet/clock.ts';
import { HttpError, type HttpRequest, type HttpResponse, type SendHttp } from '../../fleet/http.ts';
import type { RawRequest } from '../raw-request.ts';
import type { Mischief, Way } from './step.ts';

/** What a service in memory answers. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | Buffer;
}

/** In a service's own words; the network cannot say these itself. */
export type ServiceFault = 'error' | 'throttle' | 'garbage';

/** Who answers at an address, at once or later. Undefined: nobody listens. */
export interface Destination {
  way: Way;
  answer(
    request: RawRequest,
    fault: ServiceFault | undefined,
  ): Reply | undefined | Promise<Reply | undefined>;
}

export interface NetworkOptions {
  clock: Clock;
  random: () => number;
  find(url: URL): Destination | undefined;
  /** What goes wrong with this call; asked once for each. */
  mischief(way: Way): Mischief | undefined;
}

const FASTEST_MS = 2;
const SLOWEST_MS = 30;
const SLOW_MS = 4_000;

/** A network in memory: requests take some time to arrive, and answers some time to come back. */
export function createSender({ clock, random, find, mischief }: NetworkOptions): SendHttp {
  const onTheWay = () => Math.round(FASTEST_MS + random() * (SLOWEST_MS - FASTEST_MS));

  return (request) =>
    new Promise<HttpResponse>((resolve, reject) => {
      const url = new URL(request.url);
      const destination = find(url);
      const trouble = destination === undefined ? 'refused' : mischief(destination.way);
      const stopWaiting = clock.after(request.timeoutMs, () =>
        giveUp(`no answer in ${request.timeoutMs} ms`),
      );
      const abort = () => giveUp('given up by the caller');
      let over = false;

      function settle(): boolean {
        if (over) return false;
        over = true;
        stopWaiting();
        request.signal?.removeEventListener('abort', abort);
        return true;
      }
      function giveUp(why: string): void {
        if (settle()) reject(new HttpError(why, true));
      }
      function fail(why: string): void {
        if (settle()) reject(new HttpError(why, false));
      }
      function comeBack(reply: Reply | undefined): void {
        if (trouble === 'answer-lost') return;
        const slowMs = trouble === 'slow' ? Math.round(random() * SLOW_MS) : 0;
        clock.after(onTheWay() + slowMs, () => {
          if (reply === undefined) fail('connect ECONNREFUSED');
          else if (settle()) resolve(receive(trouble === 'cut-short' ? cutShort(reply) : reply, clock.now()));
        });
      }

      if (request.signal?.aborted) {
        giveUp('given up before it was sent');
        return;
      }
      request.signal?.addEventListener('abort', abort, { once: true });
      if (trouble === 'lost') return;
      if (destination === undefined || trouble === 'refused') {
        clock.after(onTheWay(), () => fail('connect ECONNREFUSED'));
        return;
      }
      const raw = rawRequest(request, url);
      const fault =
        trouble === 'error' || trouble === 'throttle' || trouble === 'garbage' ? trouble : undefined;
      clock.after(onTheWay(), () => {
        const answer = destination.answer(raw, fault);
        if (answer instanceof Promise) void answer.then(comeBack);
        else comeBack(answer);
      });
      if (trouble === 'twice') clock.after(SLOWEST_MS + onTheWay(), () => destination.answer(raw, undefined));
    });
}

function rawRequest({ method, headers = {}, body = '' }: HttpRequest, url: URL): RawRequest {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method,
    target: `${url.pathname}${url.search}`,
    headers: { ...lower, host: url.host },
    body: Buffer.from(body),
  };
}

function receive({ status, headers, body }: Reply, now: number): HttpResponse {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    status,
    headers: { date: new Date(now).toUTCString(), ...lower },
    body: Buffer.isBuffer(body) ? body : Buffer.from(body),
  };
}

function cutShort(reply: Reply): Reply {
  return { ...reply, body: reply.body.slice(0, reply.body.length >> 1) };
}
