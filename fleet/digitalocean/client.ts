import * as v from 'valibot';
import { createBearerHttp, jsonOf, type ServiceAnswer, ServiceError } from '../bearer-http.ts';
import { type Clock, pause } from '../clock.ts';
import type { HttpRequest, SendHttp } from '../http.ts';
import { apiEndpoint } from './endpoints.ts';

export interface DigitalOceanRequest {
  /** What it is, for whoever reads the error. */
  what: string;
  method: HttpRequest['method'];
  /** From the root: `/v2/droplets`; every variable part is encoded by the caller. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  /** What the token must be allowed for it, as the control panel calls it: `droplet:read`. */
  scopes: readonly string[];
  /** It must not be done twice. */
  once?: boolean;
  signal?: AbortSignal | undefined;
}

/** `reason` is DigitalOcean's own: `not_found`, `unprocessable_entity`, `too_many_requests`… */
export class DigitalOceanError extends ServiceError {
  override readonly name = 'DigitalOceanError';
}

/** Sends one authorized request. Rejects with `DigitalOceanError` on anything but 2xx, and on timeouts and broken lines. */
export interface DigitalOceanClient {
  send(request: DigitalOceanRequest): Promise<ServiceAnswer>;
}

export interface DigitalOceanClientOptions {
  token: () => Promise<string>;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** How long one request may take, all of it. */
  timeoutMs: number;
  /** The network, where it is not the machine's own. */
  send?: SendHttp | undefined;
}

/** Beyond this, the next run is sooner. */
const LONGEST_WAIT_S = 10;
const ATTEMPTS = 3;

export function createDigitalOceanClient(options: DigitalOceanClientOptions): DigitalOceanClient {
  const { environment, clock, token, timeoutMs, send } = options;
  const ask = createBearerHttp({ token, timeoutMs, send, Failure: DigitalOceanError });
  const base = apiEndpoint(environment);

  return {
    async send({ what, path, query = {}, body, scopes, ...request }) {
      const url = new URL(`${base}${path}`);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      for (let attempt = 1; ; attempt += 1) {
        const answer = await ask({ ...request, what, url, ...text });
        const { status } = answer;
        if (status >= 200 && status < 300) return answer;
        const waitS = attempt < ATTEMPTS ? waitOf(answer) : undefined;
        if (waitS === undefined) throw refusalOf(what, answer, scopes);
        await pause(clock, waitS * 1_000, request.signal);
      }
    },
  };
}

/**
 * How long DigitalOcean asks to wait, where that is worth it. It tells so of the limit of a minute only; whatever it
 * refused for that it has not begun, so that it is safe to send again.
 */
function waitOf({ status, headers }: ServiceAnswer): number | undefined {
  if (status !== 429) return undefined;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 && seconds <= LONGEST_WAIT_S ? seconds : undefined;
}

const errorSchema = v.object({ id: v.string(), message: v.optional(v.string(), '') });

function refusalOf(what: string, answer: ServiceAnswer, scopes: readonly string[]): DigitalOceanError {
  const { status, bytes } = answer;
  const refusal = jsonOf(answer, errorSchema);
  const id = refusal?.id ?? `http${status}`;
  const text = refusal?.message ?? bytes.toString().trim().slice(0, 200);
  const hint = hintOf(status, scopes);
  return new DigitalOceanError(`${what}: ${id}${text ? `: ${text}` : ''}${hint}`, id, status);
}

function hintOf(status: number, scopes: readonly string[]): string {
  if (status === 401) return ' (the API token is not valid: has it expired, or been revoked?)';
  if (status === 403) return ` (the API token needs ${scopes.join(', ')})`;
  return '';
}

/** The JSON of an answer, as the caller's schema reads it; rejects (`malformed`) where it is another thing. */
export function readAnswer<Output>(
  what: string,
  { bytes, status }: ServiceAnswer,
  schema: v.GenericSchema<unknown, Output>,
): Output {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), bytes.toString());
  if (parsed.success) return parsed.output;
  const why = v.summarize(parsed.issues);
  throw new DigitalOceanError(`${what}: the answer makes no sense: ${why}`, 'malformed', status);
}
