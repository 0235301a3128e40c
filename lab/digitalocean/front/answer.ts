import { ApiError } from '../../cloud/api-error.ts';
import { jsonBody, type Path, routeOf } from '../../cloud/api-request.ts';
import type { Refusal } from '../../cloud/events.ts';
import { type FaultKind, type Faults, GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Method } from './method.ts';

/** Answers; undefined: nothing at all, until the caller gives up. */
export type Answer = (request: RawRequest) => HttpReply | undefined;

/** Who has a token of the account, and what it may do. */
export interface TokenHolder {
  name: string;
  scopes: ReadonlySet<string>;
}

export interface Tokens {
  find(token: string): TokenHolder | undefined;
}

export interface FrontOptions<Service extends string> {
  tokens: Tokens;
  faults: Pick<Faults<Service>, 'take'>;
  /** Hears of requests that our code must never send. */
  refuse(refusal: Refusal): void;
  /** Hears of calls that a token is not enough for. */
  deny?: ((refusal: Refusal) => void) | undefined;
  /** Hears what was asked and has been answered. */
  onExchange?: ((request: RawRequest, reply: HttpReply) => void) | undefined;
}

export interface Front<Service extends string, Seen> {
  service: Service;
  methods: readonly Method<Seen>[];
  render(refusal: ApiError): HttpReply;
  admit(request: RawRequest, method: Method<Seen>, path: Path): Seen;
}

/** One service of DigitalOcean, strict: what our code must never send is refused and remembered. */
export function createFront<Service extends string, Seen>(
  options: FrontOptions<Service>,
  { service, methods, render, admit }: Front<Service, Seen>,
): Answer {
  function answer(request: RawRequest): HttpReply | undefined {
    const url = new URL(request.target, 'http://twin');
    const route = routeOf(methods, request.method, url.pathname);
    try {
      if (route === undefined)
        throw new ApiError(404, 'not_found', 'the twin does not have this method', { malformed: true });
      const { method, path } = route;
      const fault = options.faults.take({ service, action: method.id });
      // A line that breaks after the work was done: the caller does not know that it was.
      if (fault === 'timeout') {
        method.run(askedOf(request, url, path), admit(request, method, path));
        return undefined;
      }
      if (fault !== undefined) return spoiled(fault, render(refusalFor(fault)), garbage());
      return method.run(askedOf(request, url, path), admit(request, method, path));
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      const refusal = {
        principal: nameOf(request, options.tokens),
        action: route?.method.id ?? request.method,
        resource: request.target,
        why: `${cause.code}: ${cause.message}`,
      };
      if (cause.malformed) options.refuse(refusal);
      else if (cause.status === 401 || cause.status === 403) options.deny?.(refusal);
      return render(cause);
    }
  }
  return (request) => {
    const reply = answer(request);
    if (reply !== undefined) options.onExchange?.(request, reply);
    return reply;
  };
}

/** Whoever shows a token with the right to all of these. Throws for everybody else. */
export function admitToken(request: RawRequest, scopes: readonly string[], tokens: Tokens): TokenHolder {
  const holder = holderOf(request, tokens);
  if (holder === undefined) throw new ApiError(401, 'Unauthorized', 'Unable to authenticate you');
  needScopes(holder, scopes);
  return holder;
}

export function needScopes(holder: TokenHolder, scopes: readonly string[]): void {
  const missing = scopes.find((scope) => !holder.scopes.has(scope));
  if (missing !== undefined)
    throw new ApiError(403, 'Forbidden', `You are missing the required permission ${missing}.`);
}

/** As DigitalOcean's own API says it. */
export function renderApi({ status, code, message }: ApiError): HttpReply {
  const body = JSON.stringify({ id: code, message, request_id: 'twin' });
  return { status, headers: { 'content-type': 'application/json' }, body };
}

function holderOf({ headers }: RawRequest, tokens: Tokens): TokenHolder | undefined {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : tokens.find(token);
}

function nameOf(request: RawRequest, tokens: Tokens): string {
  return holderOf(request, tokens)?.name ?? 'nobody that is known';
}

function askedOf({ body }: RawRequest, url: URL, path: Path) {
  return { path, query: Object.fromEntries(url.searchParams), body: jsonBody(body, 'bad_request') };
}

function refusalFor(fault: FaultKind): ApiError {
  if (fault === 'throttle') return new ApiError(429, 'too_many_requests', 'API rate limit exceeded.');
  return new ApiError(500, 'server_error', 'Unexpected server-side error');
}

function garbage(): HttpReply {
  return { status: 200, headers: {}, body: GARBAGE };
}
