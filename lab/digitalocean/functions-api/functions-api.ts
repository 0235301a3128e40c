import { timingSafeEqual } from 'node:crypto';
import type { Refusal } from '../../cloud/events.ts';
import { type FaultKind, type Faults, GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import { ApiError, json, type Method, routeOf } from './method.ts';
import type { FunctionsModel, Namespace } from './model.ts';
import { NAMESPACE_METHODS } from './namespaces.ts';
import { WHISK_METHODS } from './whisk.ts';

/** `functions`: DigitalOcean's API. `whisk`: a namespace's own host. An action is an operation's id. */
export type FunctionsService = 'functions' | 'whisk';

/** Who has a token of the account, and what it may do. */
export interface TokenHolder {
  name: string;
  scopes: ReadonlySet<string>;
}

export interface FunctionsApiOptions {
  model: FunctionsModel;
  tokens: { find(token: string): TokenHolder | undefined };
  /** Where a namespace's actions are. */
  apiHost(namespace: Namespace): string;
  faults: Pick<Faults<FunctionsService>, 'take'>;
  refuse(refusal: Refusal): void;
  now(): number;
  /** Hears what was asked and has been answered. */
  onExchange?: ((request: RawRequest, reply: HttpReply) => void) | undefined;
}

/** Answers; undefined: nothing at all, until the caller gives up. */
type Answer = (request: RawRequest) => HttpReply | undefined;

export interface FunctionsApi {
  /** `/v2/functions/…` of api.digitalocean.com */
  answerApi: Answer;
  /** `/api/v1/…` of a namespace's host */
  answerHost: Answer;
}

/** Functions of one account, strict: what our code must never send is refused and remembered. */
export function createFunctionsApi(options: FunctionsApiOptions): FunctionsApi {
  const { model, apiHost, now } = options;
  return {
    answerApi: front(options, {
      service: 'functions',
      methods: NAMESPACE_METHODS,
      render: ({ status, reason, message }) => json(status, { id: reason, message, request_id: 'twin' }),
      admit(request, method) {
        const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
        const holder = token === undefined ? undefined : options.tokens.find(token);
        if (holder === undefined) throw new ApiError(401, 'Unauthorized', 'Unable to authenticate you');
        const missing = method.scopes?.find((scope) => !holder.scopes.has(scope));
        if (missing !== undefined)
          throw new ApiError(403, 'Forbidden', `You are missing the required permission ${missing}.`);
        return { model, apiHost, now };
      },
    }),
    answerHost: front(options, {
      service: 'whisk',
      methods: WHISK_METHODS,
      render: ({ status, message }) => json(status, { error: message, code: 'twin' }),
      admit: (request, _method, path) => ({ namespace: namespaceOf(request, path.namespace ?? '', model) }),
    }),
  };
}

interface Front<Seen> {
  service: FunctionsService;
  methods: readonly Method<Seen>[];
  render(refusal: ApiError): HttpReply;
  admit(request: RawRequest, method: Method<Seen>, path: Readonly<Record<string, string>>): Seen;
}

function front<Seen>(options: FunctionsApiOptions, { service, methods, render, admit }: Front<Seen>): Answer {
  function answer(request: RawRequest): HttpReply | undefined {
    const url = new URL(request.target, 'http://twin');
    const route = routeOf(methods, request.method, url.pathname);
    try {
      if (route === undefined)
        throw new ApiError(404, 'not_found', 'the twin does not have this method', true);
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
      if (cause.malformed) {
        options.refuse({
          principal: 'operator',
          action: route?.method.id ?? request.method,
          resource: request.target,
          why: `${cause.reason}: ${cause.message}`,
        });
      }
      return render(cause);
    }
  }
  return (request) => {
    const reply = answer(request);
    if (reply !== undefined) options.onExchange?.(request, reply);
    return reply;
  };
}

function askedOf({ body }: RawRequest, url: URL, path: Readonly<Record<string, string>>) {
  return { path, query: Object.fromEntries(url.searchParams), body: bodyOf(body) };
}

function bodyOf(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ApiError(400, 'bad_request', 'the body is not JSON', true);
  }
}

/** Who has a namespace's key may do everything in it, and nothing in another. */
function namespaceOf({ headers }: RawRequest, asked: string, { namespaces }: FunctionsModel): Namespace {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const [uuid, key = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const own = [...namespaces.values()].find((each) => each.uuid === uuid);
  if (own === undefined || !same(own.key, key))
    throw new ApiError(401, 'unauthorized', 'The supplied authentication is invalid.');
  if (asked !== '_' && asked !== own.id)
    throw new ApiError(
      403,
      'forbidden',
      `The supplied authentication is not authorized to access '${asked}'.`,
    );
  return own;
}

function same(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function refusalFor(fault: FaultKind): ApiError {
  if (fault === 'throttle') return new ApiError(429, 'too_many_requests', 'API rate limit exceeded.');
  return new ApiError(500, 'server_error', 'Unexpected server-side error');
}

function garbage(): HttpReply {
  return { status: 200, headers: {}, body: GARBAGE };
}
