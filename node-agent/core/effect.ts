import type { NodeStatus } from '../../fleet/status.ts';
import type { DurableState, MediaProcess } from './state.ts';

/** What the core wants done. Data only; one executor runs them and reports each outcome as an event. */
export type Effect =
  | { kind: 'save'; state: DurableState; revision: number }
  /** Ask the media to drain: the first and only signal to this life of it. */
  | { kind: 'signal'; process: MediaProcess }
  /** Force the media to end (the operator's ceiling, and only that). */
  | { kind: 'cut'; process: MediaProcess; people: number | null; kill: boolean }
  | { kind: 'start-media' }
  /** Nothing is to start these again by itself. */
  | { kind: 'keep-down'; names: string[] }
  | { kind: 'read-decision' }
  /** Look in the media's own registry whether this life of it got the signal. */
  | { kind: 'read-drain'; process: string }
  | { kind: 'hold' }
  | { kind: 'release' }
  | { kind: 'ready' }
  /** Consent to what the cloud has scheduled for this machine. */
  | { kind: 'acknowledge'; events: string[] }
  | { kind: 'publish'; status: NodeStatus; text: string }
  | { kind: 'inhibit'; on: boolean }
  | { kind: 'reply'; request: number; accepted: boolean; text: string }
  | { kind: 'log'; level: 'info' | 'warn' | 'error'; event: string; fields: Record<string, unknown> };

/**
 * How an effect ended. `nothing-to-do`: the other side says that there is nothing (the process is gone, no lifecycle
 * action is open). `failed` may have happened or not; `not-done` has not, for certain.
 */
export type Outcome =
  | { kind: 'done'; note?: string }
  | { kind: 'nothing-to-do'; text: string }
  | { kind: 'failed'; problem: string }
  | { kind: 'not-done'; problem: string };
