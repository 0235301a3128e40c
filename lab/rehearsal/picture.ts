import type { Mode } from './report.ts';
import type { News } from './tally.ts';

export type NodePhase = 'booting' | 'serving' | 'draining' | 'empty' | 'kept' | 'leaving' | 'gone';

export interface NodePicture {
  id: string;
  zone: string;
  phase: NodePhase;
  rooms: number;
  people: number;
  cpu: number;
  /** How long it drains (has drained). */
  drainingMs?: number;
}

export interface RunPicture {
  mode: Mode;
  desired: number;
  min: number;
  max: number;
  nodes: readonly NodePicture[];
  rooms: number;
  people: number;
  callsCut: number;
  callsLost: number;
}

/** What a rehearsal looks like at one moment. */
export interface Picture {
  elapsedMs: number;
  title: string;
  act: string;
  runs: readonly RunPicture[];
  /** The latest last. */
  news: readonly (News & { mode: Mode })[];
  startedAt: number;
}

export function nameOf(mode: Mode): string {
  return mode === 'ebbtide' ? 'with Ebbtide' : 'without';
}

export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
