import { routeOf as methodOf } from '../../cloud/api-request.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Method } from './api.ts';

export interface Route {
  method: Method;
  /** Of the path and of the query; a name that stands twice keeps its last value. */
  parameters: Record<string, string>;
}

/** Undefined where no method is meant. */
export function routeOf({ method: http, target }: RawRequest, methods: readonly Method[]): Route | undefined {
  const [pathname = '/', query = ''] = target.split('?', 2);
  const route = methodOf(methods, http, pathname);
  if (route === undefined) return undefined;
  const parameters = { ...Object.fromEntries(new URLSearchParams(query)), ...route.path };
  return { method: route.method, parameters };
}
