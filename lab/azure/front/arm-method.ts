import * as v from 'valibot';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { Caller } from './caller.ts';
import { ApiError, malformed } from './refusals.ts';

/** What stands in the path. */
export type Path = Readonly<Record<string, string>>;

export interface Asked<Query, Body> {
  path: Path;
  /** Without the version. */
  query: Query;
  body: Body;
  headers: Readonly<Record<string, string | undefined>>;
  caller: Caller;
  /** As it was asked for, for a link to the next page. */
  url: URL;
}

/** One operation of the resource manager's, as Azure describes it. */
export interface Method {
  /** `VirtualMachineScaleSetVMs_List` */
  id: string;
  http: string;
  /** From the root, with its variables in braces. */
  path: string;
  version: string;
  /** What a role must allow, at the id of the thing; undefined where something else lets the caller in. */
  action: string | undefined;
  scope(path: Path): string;
  /** How its own service says what is wrong; what keeps a request from reaching it says it wrapped. */
  errors?: 'wrapped' | 'flat' | undefined;
  run(asked: Asked<unknown, unknown>): HttpReply;
}

interface Described<Query extends v.GenericSchema, Body extends v.GenericSchema>
  extends Pick<Method, 'id' | 'http' | 'path' | 'version' | 'action' | 'scope' | 'errors'> {
  /** Of all that stands in the query beside the version; strict. */
  query?: Query;
  /** Of what is sent; strict. */
  body?: Body;
}

const NO_QUERY = v.strictObject({});

export function method<
  Query extends v.GenericSchema = typeof NO_QUERY,
  Body extends v.GenericSchema = v.UndefinedSchema<undefined>,
>(
  described: Described<Query, Body>,
  run: (asked: Asked<v.InferOutput<Query>, v.InferOutput<Body>>) => HttpReply,
): Method {
  const { id, query, body, ...rest } = described;
  return {
    ...rest,
    id,
    run: ({ query: rawQuery, body: rawBody, ...asked }) =>
      run({
        ...asked,
        query: checked(query ?? NO_QUERY, rawQuery, id) as v.InferOutput<Query>,
        body: checked(body ?? v.undefined(), rawBody, id) as v.InferOutput<Body>,
      }),
  };
}

function checked(schema: v.GenericSchema, raw: unknown, id: string): unknown {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? id}: ${issue.message}`);
  throw malformed('InvalidParameter', problems.join('; '));
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

export function nothing(status: number, headers: Record<string, string> = {}): HttpReply {
  return { status, headers, body: '' };
}

export function notFound(id: string): ApiError {
  return new ApiError(404, 'ResourceNotFound', `The Resource '${id}' was not found.`);
}
