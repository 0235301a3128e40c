import * as v from 'valibot';
import { checked, type Path, patternOf } from '../../cloud/api-request.ts';
import type { HttpReply } from '../../cloud/http-front.ts';

export interface Asked<Query, Body> {
  path: Path;
  query: Query;
  body: Body;
}

/** One operation, as the service's description tells of it. `Seen`: what lets the caller in gives. */
export interface Method<Seen> {
  /** `functions_create_trigger`, `updateAction` */
  id: string;
  http: string;
  /** From the root, with its variables in braces. */
  path: string;
  /** The same as an expression with a group for each variable. */
  pattern: RegExp;
  /** All that the caller's token must have; nothing where another thing lets the caller in. */
  scopes?: readonly string[];
  run(asked: Asked<unknown, unknown>, seen: Seen): HttpReply;
}

interface Described<Query extends v.GenericSchema, Body extends v.GenericSchema> {
  id: string;
  http: string;
  path: string;
  scopes?: readonly string[];
  /** Of all that stands in the query; strict. */
  query?: Query;
  /** Of what is sent; strict. */
  body?: Body;
}

const NO_QUERY = v.strictObject({});

export function method<
  Seen,
  Query extends v.GenericSchema = typeof NO_QUERY,
  Body extends v.GenericSchema = v.UndefinedSchema<undefined>,
>(
  { query, body, ...described }: Described<Query, Body>,
  run: (asked: Asked<v.InferOutput<Query>, v.InferOutput<Body>>, seen: Seen) => HttpReply,
): Method<Seen> {
  return {
    ...described,
    pattern: patternOf(described.path),
    run: ({ path, query: rawQuery, body: rawBody }, seen) =>
      run(
        {
          path,
          query: checked(query ?? NO_QUERY, rawQuery, described.id, 'bad_request') as v.InferOutput<Query>,
          body: checked(body ?? v.undefined(), rawBody, described.id, 'bad_request') as v.InferOutput<Body>,
        },
        seen,
      ),
  };
}

export function json(status: number, value: unknown): HttpReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export const NO_CONTENT: HttpReply = { status: 204, headers: {}, body: '' };
