import * as v from 'valibot';
import type { Target } from '../iam/access.ts';
import type { Principal } from '../principals.ts';

export type ServiceName = 'compute' | 'storage' | 'secretmanager';

/** A refusal in Google's words. `malformed`: the request itself was wrong, which our code must never send. */
export class ApiError extends Error {
  readonly status: number;
  /** `notFound`, `forbidden`, `rateLimitExceeded`. */
  readonly reason: string;
  readonly malformed: boolean;
  constructor(status: number, reason: string, message: string, malformed = false) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.malformed = malformed;
  }
}

/** What a method gives: a resource, or the bytes of one. */
export type Result =
  | { kind: 'json'; value: unknown }
  | { kind: 'bytes'; body: Buffer; headers: Record<string, string> }
  | { kind: 'nothing' };

/** Who calls. `authorise` throws `forbidden`, and remembers it, where no role allows the call. */
export interface Caller {
  principal: Principal;
  authorise(permission: string, target: Target, note?: string): void;
}

/** One method of Google's, as its discovery document describes it. */
export interface Method {
  service: ServiceName;
  /** `compute.instances.get` */
  id: string;
  http: string;
  /** From the root of the service, with its variables in braces. */
  path: string;
  /** The same as an expression with a group for each variable. */
  pattern: RegExp;
  /** Of all that stands in the path and in the query; strict. */
  parameters: v.GenericSchema;
  /** Of what is sent, where that is JSON; strict. */
  body: v.GenericSchema | undefined;
  run(parameters: unknown, body: unknown, caller: Caller): Result;
}

interface Described<Parameters extends v.GenericSchema, Body extends v.GenericSchema> {
  id: string;
  http: string;
  path: string;
  parameters: Parameters;
  body?: Body;
}

export function method<
  Parameters extends v.GenericSchema,
  Body extends v.GenericSchema = v.UndefinedSchema<undefined>,
>(
  described: Described<Parameters, Body>,
  run: (parameters: v.InferOutput<Parameters>, caller: Caller, body: v.InferOutput<Body>) => Result,
): Method {
  const { id, parameters, body } = described;
  return {
    ...described,
    service: serviceOf(id),
    pattern: patternOf(described.path),
    body,
    run: (rawParameters, rawBody, caller) =>
      run(
        checked(parameters, rawParameters, id),
        caller,
        body === undefined ? checked(v.undefined(), rawBody, id) : checked(body, rawBody, id),
      ),
  };
}

/** `/b/{bucket}/o` as an expression with a group for each variable: none of them crosses a slash. */
function patternOf(template: string): RegExp {
  const source = template
    .split(/(\{\w+\})/)
    .map((part) => {
      const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
      return name === undefined ? part.replace(/[.+?^$()|[\]\\]/g, '\\$&') : `(?<${name}>[^/]+?)`;
    })
    .join('');
  return new RegExp(`^${source}$`);
}

function serviceOf(id: string): ServiceName {
  const [service] = id.split('.');
  if (service === 'compute' || service === 'storage' || service === 'secretmanager') return service;
  throw new Error(`${id} is of no service that the twin has`);
}

function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  raw: unknown,
  id: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? id}: ${issue.message}`);
  throw new ApiError(400, 'invalid', problems.join('; '), true);
}
