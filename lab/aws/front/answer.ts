import { ApiError, malformed } from '../../cloud/api-error.ts';
import type { Refusal } from '../../cloud/events.ts';
import { type FaultKind, type Faults, GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { AwsFaulty } from '../aws-twin.ts';
import { evaluate } from '../iam.ts';
import { callerContext, type Principal, type Principals } from '../principals.ts';
import type { Answer, AuthoriseOptions, Caller, Service } from './api.ts';
import { parseAuthorization, verifySignature } from './signature.ts';

export interface ApiOptions {
  region: string;
  services: readonly Service[];
  principals: Principals;
  faults: Faults<AwsFaulty>;
  refuse(refusal: Refusal): void;
  /** ms since the epoch, as signatures are dated. */
  now(): number;
}

/**
 * What the twin's services answer; undefined: nothing at all. Which service is meant is said by the signature's scope,
 * as on one address. Throws only for what the twin itself cannot do.
 */
export function answerRequest(request: RawRequest, options: ApiOptions): Answer | undefined {
  const header = parseAuthorization(request.headers.authorization);
  // What is not signed can only be meant for S3: nothing else is public.
  const service = options.services.find(({ name }) => name === (header?.service ?? 's3'));
  if (!service) {
    options.refuse({
      principal: 'unknown',
      action: `${header?.service}:?`,
      resource: request.target,
      why: 'the twin does not have this service',
    });
    return { status: 404, headers: {}, body: 'UnknownService' };
  }
  let action = '?';
  let principal: Principal | undefined;
  const remember = (why: string, resource = '*', name = `${service.policyPrefix}:${action}`) =>
    options.refuse({ principal: principal?.role.arn ?? 'anonymous', action: name, resource, why });
  try {
    const read = service.read(request);
    action = read.action;
    const credentials = header && options.principals.find(header.accessKeyId);
    principal = credentials?.principal;
    const fault = options.faults.take({ service: service.name, action, instance: principal?.instance });
    if (fault !== undefined) {
      const garbage: Answer = { status: 200, headers: {}, body: GARBAGE };
      return spoiled(fault, service.renderError(faultError(service, fault)), garbage);
    }
    if (header) {
      if (header.region !== options.region) throw malformed('InvalidRegion', `signed for ${header.region}`);
      const verdict = verifySignature(request, header, credentials, options.now());
      if (!verdict.valid)
        throw new ApiError(403, verdict.code, verdict.message, {
          malformed: verdict.code !== 'ExpiredToken',
        });
    }
    const run = service.operations[action];
    if (!run) throw malformed('InvalidAction', `the twin does not know ${service.name} ${action}`);
    return run(read.input, createCaller(principal, options.region, remember));
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.malformed) remember(`${cause.code}: ${cause.message}`);
    return service.renderError(cause);
  }
}

/** As AWS words it: what has no resource is denied on none. */
function deniedText(principal: Principal | undefined, action: string, resource: string): string {
  if (principal === undefined) return 'Access Denied';
  const user = `${principal.role.arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${principal.session}`;
  const on = resource === '*' ? '' : ` on resource: ${resource}`;
  return `User: ${user} is not authorized to perform: ${action}${on} because no identity-based policy allows the ${action} action`;
}

type Remember = (why: string, resource: string, action: string) => void;

function createCaller(principal: Principal | undefined, region: string, remember: Remember): Caller {
  function verdictOf(action: string, resource: string, { context = {}, resourcePolicy }: AuthoriseOptions) {
    return evaluate(
      {
        principal: principal?.role.arn ?? 'anonymous',
        action,
        resource,
        context: {
          ...(principal ? callerContext(principal, region) : { 'aws:SecureTransport': 'true' }),
          ...context,
        },
      },
      principal?.role.policies ?? [],
      resourcePolicy ? [resourcePolicy] : [],
    );
  }
  return {
    principal,
    authorise(action, resource, options = {}) {
      const verdict = verdictOf(action, resource, options);
      if (verdict.allowed) return;
      const context = options.context ? ` (${JSON.stringify(options.context)})` : '';
      const note = options.note === undefined ? '' : `; ${options.note}`;
      remember(`${verdict.why}${context}${note}`, resource, action);
      throw new ApiError(403, 'AccessDenied', deniedText(principal, action, resource));
    },
  };
}

function faultError(service: Service, fault: FaultKind): ApiError {
  return fault === 'throttle'
    ? service.throttled
    : new ApiError(
        500,
        service.name === 's3' ? 'InternalError' : 'InternalFailure',
        'We encountered an internal error.',
      );
}
