import type { DecisionReading } from '../../fleet/registry.ts';
import type { Effect, Outcome } from './effect.ts';
import type {
  DrainReading,
  Interruption,
  PublishedUpdate,
  RuntimeReading,
  ScheduledEvent,
  SetupReading,
  TargetReading,
  WorkReading,
} from './state.ts';

/** Everything that can happen to an agent. `at` is in ms since the epoch and never goes backwards while it runs. */
export type AgentEvent =
  | { kind: 'tick'; at: number }
  | { kind: 'runtime-read'; at: number; reading: RuntimeReading }
  | { kind: 'work-read'; at: number; reading: WorkReading }
  | { kind: 'target-read'; at: number; reading: TargetReading }
  | { kind: 'decision-read'; at: number; reading: DecisionReading }
  | { kind: 'drain-read'; at: number; process: string; reading: DrainReading }
  | { kind: 'interruption'; at: number; interruption: Interruption }
  | { kind: 'schedule-read'; at: number; events: ScheduledEvent[] }
  | { kind: 'advice'; at: number; advice: string | null }
  | { kind: 'protected-read'; at: number; protected: boolean }
  | { kind: 'cpu-read'; at: number; cpu: number }
  | { kind: 'update-read'; at: number; update: PublishedUpdate | null }
  | { kind: 'setup-read'; at: number; reading: SetupReading }
  | { kind: 'command'; at: number; request: number; command: Command }
  | { kind: 'outcome'; at: number; effect: Effect; outcome: Outcome };

export type Command = { kind: 'drain'; reason: string } | { kind: 'resume' };
