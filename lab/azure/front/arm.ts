import { ApiError, malformed } from '../../cloud/api-error.ts';
import { jsonBody, type Path, routeOf } from '../../cloud/api-request.ts';
import { GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import { AUDIENCES } from '../principals.ts';
import { type Asked, json, type Method } from './arm-method.ts';
import { callerOf, type FrontOptions, nameOfCaller } from './caller.ts';

export interface ArmOptions extends FrontOptions {
  methods: readonly Method[];
  /** Hears what was asked and has been answered. */
  onExchange?: ((request: RawRequest, reply: HttpReply) => void) | undefined;
}

/** What the resource manager answers; undefined: nothing at all. Throws only for what the twin itself cannot do. */
export function answerArm(request: RawRequest, options: ArmOptions): HttpReply | undefined {
  const reply = answer(request, options);
  if (reply !== undefined) options.onExchange?.(request, reply);
  return reply;
}

function answer(request: RawRequest, options: ArmOptions): HttpReply | undefined {
  const url = new URL(request.target, 'http://twin');
  const principal = nameOfCaller(request, options.principals);
  const route = routeOf(options.methods, request.method, url.pathname);
  let reached: Method | undefined;
  try {
    if (route === undefined) throw malformed('InvalidResourceType', 'the twin does not have this operation');
    const { method, path } = route;
    const fault = options.faults.take({ service: 'arm', action: method.id, instance: principal?.instance });
    if (fault !== undefined) {
      return spoiled(fault, renderError(refusalFor(fault)), { status: 200, headers: {}, body: GARBAGE });
    }
    const asked = admit(request, url, method, path, options);
    reached = method;
    return method.run(asked);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.malformed) {
      options.refuse({
        principal: principal?.name ?? 'anonymous',
        action: route?.method.id ?? request.method,
        resource: request.target,
        why: `${cause.code}: ${cause.message}`,
      });
    }
    return renderError(cause, reached);
  }
}

/** What the gateway looks at, before the service itself is reached. */
function admit(
  request: RawRequest,
  url: URL,
  method: Method,
  path: Path,
  options: ArmOptions,
): Asked<unknown, unknown> {
  const caller = callerOf(request, AUDIENCES.arm, options, ({ id, name }, action, scope) => {
    const message = `The client '${name}' with object id '${id}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid.`;
    return new ApiError(403, 'AuthorizationFailed', message);
  });
  const { 'api-version': version, ...query } = Object.fromEntries(url.searchParams);
  if (version === undefined) throw malformed('MissingApiVersionParameter', 'api-version is missing');
  if (version !== method.version) {
    throw malformed(
      'InvalidApiVersionParameter',
      `the twin has ${method.id} in ${method.version}, not in ${version}`,
    );
  }
  const { subscription } = options.model();
  if (path.subscriptionId?.toLowerCase() !== subscription.toLowerCase()) {
    throw new ApiError(
      404,
      'SubscriptionNotFound',
      `The subscription '${path.subscriptionId}' could not be found.`,
    );
  }
  if (method.action !== undefined) caller.authorise(method.action, method.scope(path));
  return {
    path,
    query,
    body: jsonBody(request.body, 'InvalidRequestContent'),
    headers: request.headers,
    caller,
    url,
  };
}

function refusalFor(fault: 'throttle' | 'error' | 'timeout' | 'garbage'): ApiError {
  if (fault !== 'throttle')
    return new ApiError(500, 'InternalServerError', 'Encountered internal server error.');
  const headers = { 'retry-after': '1' };
  return new ApiError(429, 'TooManyRequests', 'The number of requests is too large.', { headers });
}

function renderError({ status, code, message, headers }: ApiError, reached?: Method): HttpReply {
  if (reached === undefined) {
    return json(status, { error: { code, message } }, { 'x-ms-failure-cause': 'gateway', ...headers });
  }
  return json(status, reached.errors === 'flat' ? { code, message } : { error: { code, message } }, {
    ...headers,
  });
}
