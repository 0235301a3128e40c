import { ApiError } from '../../cloud/api-error.ts';
import { jsonBody } from '../../cloud/api-request.ts';
import type { Refusal } from '../../cloud/events.ts';
import { type FaultKind, GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Faults } from '../faults.ts';
import type { Target } from '../iam/access.ts';
import { evaluate } from '../iam/access.ts';
import type { GivenRights } from '../iam/person.ts';
import type { GcpModel } from '../model.ts';
import { memberOf, type Principal, type Principals } from '../principals.ts';
import type { Caller, Method, Result, ServiceName } from './api.ts';
import { masked } from './fields.ts';
import { type Route, routeOf } from './routes.ts';

export interface ApiOptions {
  /** As it is now. */
  model: () => GcpModel;
  methods: readonly Method[];
  /** What people were given beside what is provisioned. */
  people?: (() => GivenRights) | undefined;
  principals: Principals;
  faults: Faults;
  refuse(refusal: Refusal): void;
  /** Real time, ms since the epoch, as tokens end. */
  now(): number;
}

/**
 * What the twin's services answer; undefined: nothing at all. Their paths differ, so one address serves all. Throws only
 * for what the twin itself cannot do.
 */
export function answerRequest(request: RawRequest, options: ApiOptions): HttpReply | undefined {
  const route = routeOf(request, options.methods);
  if (route === undefined) {
    options.refuse({
      principal: 'unknown',
      action: request.method,
      resource: request.target,
      why: 'the twin does not have this method',
    });
    return { status: 404, headers: {}, body: 'Not Found' };
  }
  const { method } = route;
  let principal: Principal | undefined;
  const remember = (why: string, resource: string, action: string = method.id) =>
    options.refuse({ principal: principal?.email ?? 'anonymous', action, resource, why });
  try {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const known = token === undefined ? undefined : options.principals.find(token);
    principal = known?.principal;
    const action = method.id.slice(method.service.length + 1);
    const fault = options.faults.take({ service: method.service, action, instance: principal?.instance });
    if (fault !== undefined) {
      const garbage: HttpReply = { status: 200, headers: {}, body: GARBAGE };
      return spoiled(fault, renderError(faultError(method.service, fault), method.service), garbage);
    }
    if (known === undefined) throw new ApiError(401, 'required', 'Login Required.', { malformed: true });
    if (known.expiresAt <= options.now()) throw new ApiError(401, 'authError', 'Invalid Credentials');
    const result = method.run(
      route.parameters,
      bodyOf(route, request),
      callerOf(known.principal, method.service, given(options), remember),
    );
    return render(result, route.parameters.fields);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.malformed) remember(`${cause.code}: ${cause.message}`, request.target);
    return renderError(cause, method.service);
  }
}

type Remember = (why: string, resource: string, action: string) => void;

/** To whomever: what is provisioned, and what people were given beside it. */
function given({ model, people = () => ({ roles: [], bindings: [] }) }: ApiOptions): GivenRights {
  const [provisioned, more] = [model(), people()];
  return {
    roles: [...provisioned.roles, ...more.roles],
    bindings: [...provisioned.bindings, ...more.bindings],
  };
}

function callerOf(
  principal: Principal,
  service: ServiceName,
  rights: GivenRights,
  remember: Remember,
): Caller {
  return {
    principal,
    authorise(permission, target, note) {
      if (principal.isOperator) return;
      const verdict = evaluate({ member: memberOf(principal), permission, target }, rights);
      if (verdict.allowed) return;
      remember(`${verdict.why}${note === undefined ? '' : `; ${note}`}`, target.label, permission);
      throw new ApiError(403, 'forbidden', deniedText(principal, service, permission, target));
    },
  };
}

/** As each service words it. */
function deniedText(
  { email }: Principal,
  service: ServiceName,
  permission: string,
  { label }: Target,
): string {
  switch (service) {
    case 'compute':
      return `Required '${permission}' permission for '${label}'`;
    case 'storage': {
      const thing = label.includes('/objects/') ? 'object' : 'bucket';
      return `${email} does not have ${permission} access to the Google Cloud Storage ${thing}. Permission '${permission}' denied on resource (or it may not exist).`;
    }
    case 'secretmanager':
      return `Permission '${permission}' denied for resource '${label}' (or it may not exist).`;
  }
}

/** JSON where the method takes that; else the bytes as they came. */
function bodyOf({ method }: Route, { body }: RawRequest): unknown {
  if (method.id === 'storage.objects.insert') return body;
  return jsonBody(body, 'parseError');
}

function render(result: Result, fields: string | undefined): HttpReply {
  switch (result.kind) {
    case 'nothing':
      return { status: 204, headers: {}, body: '' };
    case 'bytes':
      return { status: 200, headers: result.headers, body: result.body };
    case 'json': {
      const value = fields === undefined ? result.value : masked(result.value, fields);
      return json(200, value);
    }
  }
}

function renderError({ status, code, message }: ApiError, service: ServiceName): HttpReply {
  if (service === 'secretmanager') {
    return json(status, { error: { code: status, message, status: CANONICAL[status] ?? 'UNKNOWN' } });
  }
  return json(status, {
    error: { code: status, message, errors: [{ message, domain: 'global', reason: code }] },
  });
}

const CANONICAL: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

function faultError(service: ServiceName, fault: FaultKind): ApiError {
  if (fault !== 'throttle') return new ApiError(503, 'backendError', 'Backend Error');
  // Compute says 403 for what others call 429.
  return new ApiError(service === 'compute' ? 403 : 429, 'rateLimitExceeded', 'Rate Limit Exceeded');
}

function json(status: number, value: unknown): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(value),
  };
}
