import type { HttpRequest } from '../../../fleet/http.ts';

/** What a run of the orchestrator changes. */
export const CHANGES = [
  'turn',
  'memory',
  'decision',
  'take-out',
  'mark',
  'removal',
  'untag',
  'births',
  'birth',
  'tag',
  'turn-over',
  'heard',
] as const;
export type Change = (typeof CHANGES)[number];

/** What this request of the orchestrator changes; undefined: nothing. */
export function changeOf({ method, url }: Pick<HttpRequest, 'method' | 'url'>): Change | undefined {
  const path = decodeURIComponent(new URL(url).pathname);
  switch (method) {
    case 'PUT':
      return path.includes('/decisions/') ? 'decision' : memoryIn(path);
    case 'DELETE':
      if (path.includes('/memory/')) return 'turn-over';
      return path.startsWith('/v2/tags/') ? 'untag' : 'removal';
    case 'POST':
      if (path === '/v2/droplets') return 'birth';
      if (path.includes('-draining/')) return 'take-out';
      return path.startsWith('/v2/tags/ebbtide-decision:') || path === '/v2/tags' ? 'mark' : 'tag';
    default:
      return undefined;
  }
}

function memoryIn(path: string): Change {
  if (path.includes('/memory/runs/') || path.includes('/memory/aside/')) return 'turn';
  if (path.includes('/memory/announced/')) return 'heard';
  return path.endsWith('/droplets.json') ? 'births' : 'memory';
}
