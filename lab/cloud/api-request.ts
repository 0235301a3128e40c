import * as v from 'valibot';
import { malformed } from './api-error.ts';

/** What a strict schema makes of a part of a request. `code`: the cloud's own for one that is wrong. */
export function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  raw: unknown,
  where: string,
  code: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? where}: ${issue.message}`);
  throw malformed(code, problems.join('; '));
}

/** Undefined: there is none. */
export function jsonBody(body: Buffer, code: string): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw malformed(code, 'the body is not JSON');
  }
}

/** What stands in the path. */
export type Path = Readonly<Record<string, string>>;

/** The method that a request asks for, and what stands in its path; undefined where none is meant. */
export function routeOf<Method extends { http: string; pattern: RegExp }>(
  methods: readonly Method[],
  http: string,
  pathname: string,
): { method: Method; path: Path } | undefined {
  for (const method of methods) {
    const match = method.http === http && method.pattern.exec(pathname);
    if (!match) continue;
    const path = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { method, path: Object.fromEntries(path) };
  }
  return undefined;
}

/** `/b/{bucket}/o` as an expression with a group for each variable: none of them crosses a slash. */
export function patternOf(template: string, flags: '' | 'i' = ''): RegExp {
  const source = template.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}$`, flags);
}
