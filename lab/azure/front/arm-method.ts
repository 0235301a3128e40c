import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { checked, type Path, patternOf } from '../../cloud/api-request.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { Caller } from './caller.ts';

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
  /** The same as an expression with a group for each variable; case says nothing. */
  pattern: RegExp;
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
    pattern: patternOf(rest.path, 'i'),
    run: ({ query: rawQuery, body: rawBody, ...asked }) =>
      run({
        ...asked,
        query: checked(query ?? NO_QUERY, rawQuery, id, 'InvalidParameter') as v.InferOutput<Query>,
        body: checked(body ?? v.undefined(), rawBody, id, 'InvalidParameter') as v.InferOutput<Body>,
      }),
  };
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
