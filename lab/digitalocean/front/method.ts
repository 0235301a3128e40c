import * as v from 'valibot';
import type { HttpReply } from '../../cloud/http-front.ts';

/** A refusal in the service's words. `malformed`: the request itself was wrong, which our code must never send. */
export class ApiError extends Error {
  readonly status: number;
  /** DigitalOcean's own, `not_found`; OpenWhisk tells a text alone. */
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

export type Path = Readonly<Record<string, string>>;

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
    run: ({ path, query: rawQuery, body: rawBody }, seen) =>
      run(
        {
          path,
          query: checked(query ?? NO_QUERY, rawQuery, described.id) as v.InferOutput<Query>,
          body: checked(body ?? v.undefined(), rawBody, described.id) as v.InferOutput<Body>,
        },
        seen,
      ),
  };
}

function checked(schema: v.GenericSchema, raw: unknown, id: string): unknown {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? id}: ${issue.message}`);
  throw new ApiError(400, 'bad_request', problems.join('; '), true);
}

/** The method that a request asks for, and what stands in its path. */
export function routeOf<Seen>(
  methods: readonly Method<Seen>[],
  http: string,
  pathname: string,
): { method: Method<Seen>; path: Path } | undefined {
  for (const method of methods) {
    if (method.http !== http) continue;
    const found = patternOf(method.path).exec(pathname);
    if (found === null) continue;
    const path = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { method, path: Object.fromEntries(path) };
  }
  return undefined;
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

export function json(status: number, value: unknown): HttpReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export const NO_CONTENT: HttpReply = { status: 204, headers: {}, body: '' };
