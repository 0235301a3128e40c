import type { HttpRequest } from '../../../fleet/http.ts';

/** What the pruner changes, in the order in which it does. */
export const CHANGES = ['memory', 'decision', 'take-out', 'mark', 'removal'] as const;
export type Change = (typeof CHANGES)[number];

/** What this request of the pruner changes; undefined: nothing. */
export function changeOf({ method, url }: Pick<HttpRequest, 'method' | 'url'>): Change | undefined {
  const { pathname, searchParams } = new URL(url);
  if (method === 'DELETE') return 'removal';
  if (method !== 'POST') return undefined;
  if (pathname.endsWith('/abandonInstances')) return 'take-out';
  if (pathname.endsWith('/setLabels')) return 'mark';
  return searchParams.get('name')?.startsWith('memory/') ? 'memory' : decisionIn(searchParams);
}

function decisionIn(searchParams: URLSearchParams): Change | undefined {
  return searchParams.get('name')?.startsWith('decisions/') ? 'decision' : undefined;
}
