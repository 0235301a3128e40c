import type { RawRequest } from '../../raw-request.ts';
import type { Method } from './api.ts';

export interface Route {
  method: Method;
  /** Of the path and of the query; a name that stands twice keeps its last value. */
  parameters: Record<string, string>;
}

/** Undefined where no method is meant. */
export function routeOf({ method: http, target }: RawRequest, methods: readonly Method[]): Route | undefined {
  const [path = '/', query = ''] = target.split('?', 2);
  for (const method of methods) {
    if (method.http !== http) continue;
    const match = method.pattern.exec(path);
    if (!match) continue;
    const inPath = Object.entries(match.groups ?? {}).map(([name, value]) => [
      name,
      decodeURIComponent(value),
    ]);
    return {
      method,
      parameters: { ...Object.fromEntries(new URLSearchParams(query)), ...Object.fromEntries(inPath) },
    };
  }
  return undefined;
}
