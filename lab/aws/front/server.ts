import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../../../fleet/error.ts';
import type { Refusal, TwinHappening } from '../events.ts';
import type { Fault, Faults } from '../faults.ts';
import { evaluate } from '../iam.ts';
import { type Listener, listen, spoil } from '../listener.ts';
import { callerContext, type Principal, type Principals } from '../principals.ts';
import { type Answer, ApiError, type AuthoriseOptions, type Caller, type Service } from './api.ts';
import { parseAuthorization, type RawRequest, verifySignature } from './signature.ts';

export interface FrontOptions {
  region: string;
  services: readonly Service[];
  principals: Principals;
  faults: Faults;
  refuse(refusal: Refusal): void;
  emit(happening: TwinHappening): void;
}

/** Where every service of the twin answers. Which one is meant is said by the signature's scope, as on one address. */
export async function createFront(options: FrontOptions): Promise<Listener> {
  return listen((request, response) => {
    answer(request, response, options).catch((cause) => {
      options.emit({ kind: 'trouble', problem: `the twin could not answer: ${describeError(cause)}` });
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  });
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: FrontOptions,
): Promise<void> {
  const request = await readRequest(incoming);
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
    return send(response, { status: 404, headers: {}, body: 'UnknownService' });
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
    if (fault !== undefined)
      return spoil(fault, response, () => send(response, service.renderError(faultError(service, fault))));
    if (header) {
      if (header.region !== options.region)
        throw new ApiError('InvalidRegion', 400, `signed for ${header.region}`, true);
      const verdict = verifySignature(request, header, credentials, Date.now());
      if (!verdict.valid)
        throw new ApiError(verdict.code, 403, verdict.message, verdict.code !== 'ExpiredToken');
    }
    const run = service.operations[action];
    if (!run)
      throw new ApiError('InvalidAction', 400, `the twin does not know ${service.name} ${action}`, true);
    send(response, run(read.input, createCaller(principal, options.region, remember)));
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.malformed) remember(`${cause.code}: ${cause.message}`);
    send(response, service.renderError(cause));
  }
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
      const who = principal ? `${principal.role.arn} as ${principal.session}` : 'anonymous';
      throw new ApiError('AccessDenied', 403, `${who} is not authorized to perform ${action} on ${resource}`);
    },
  };
}

function faultError(service: Service, fault: Fault['kind']): ApiError {
  return fault === 'throttle'
    ? service.throttled
    : new ApiError(
        service.name === 's3' ? 'InternalError' : 'InternalFailure',
        500,
        'We encountered an internal error.',
      );
}

async function readRequest(incoming: IncomingMessage): Promise<RawRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Node sets `Date`, by the machine's own clock: that is the store's time. */
function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'x-amz-request-id': randomUUID(),
  });
  response.end(body);
}
