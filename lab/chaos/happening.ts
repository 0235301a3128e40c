import type { MediaEnd } from './media.ts';

/** What a cloud does, told by its world. The invariants know a cloud by these alone. Nodes have their cloud's ids. */
export type CloudHappening =
  | { kind: 'launched'; node: string }
  /** Where the cloud says that the machine is, in its own words: for whoever reads a trace. */
  | { kind: 'cloud'; node: string; state: string }
  /**
   * The cloud decided that this node goes. `chosen`: by our own choice, which the bound on drains is for. `unfounded`: and
   * that although it could not know what such a choice rests on; mostly undefined. `decision`: its id, where it is written
   * down for this very node before anything else is done.
   */
  | {
      kind: 'wanted';
      node: string;
      chosen: boolean;
      unfounded: string | undefined;
      decision?: string;
      why: string;
    }
  /** A function of ours took the machine out of its group, so that somebody has to end it. */
  | { kind: 'taken-out'; node: string; decided: boolean }
  /** The node told the function that it may be ended. `saidEmpty`: its status said so by then. */
  | { kind: 'woken'; node: string; saidEmpty: boolean }
  /** The cloud does not wait for this node's agent any more. `disturbed`: something had kept that from asking it to. */
  | { kind: 'hold-lost'; node: string; disturbed: boolean }
  /** The agent gave the machine back, and the cloud took its word. */
  | { kind: 'released'; node: string; running: string[]; people: number }
  | { kind: 'function'; name: string; outcome: string }
  /** A function ended by something that it did not expect. */
  | { kind: 'broken'; name: string; problem: string }
  /** What must never happen in this cloud alone: its world knows by more than the others do. */
  | { kind: 'wrong'; what: string }
  | { kind: 'refused'; what: string };

/** What happens on a machine: the same in any cloud. */
type NodeHappening =
  | { kind: 'agent-started'; node: string }
  | { kind: 'agent-killed'; node: string; why: string }
  | { kind: 'agent-says'; node: string; event: string; fields: Record<string, unknown> }
  | { kind: 'asked-to-drain'; node: string; answer: Answer }
  | { kind: 'asked-to-resume'; node: string; answer: Answer }
  | { kind: 'room'; node: string; people: number; forMs: number }
  | { kind: 'media-started'; node: string; life: string }
  /** What reached the media process. `cut`: sent because of the operator's ceiling. `unheard`: in its first moments. */
  | {
      kind: 'signalled';
      node: string;
      life: string;
      signal: 'drain' | 'cut' | 'kill';
      people: number;
      unheard?: boolean;
    }
  | { kind: 'media-ended'; node: string; life: string; how: MediaEnd; people: number }
  /** `taken`: by the cloud itself or by chance, whatever was on it. */
  | { kind: 'machine-off'; node: string; taken: boolean; people: number };

/** What happens in a virtual world, as far as anybody is concerned by it. `step`: of the schedule, as it begins. */
/** What an operator hears. `in-doubt`: it is done, and an agent that starts again may not know of it. */
type Answer = 'accepted' | 'in-doubt' | 'refused';

export type Happening = { kind: 'step'; text: string } | CloudHappening | NodeHappening;

/** `at`: ms since the world began. */
export type Told = Happening & { at: number };

/** One line of a trace. */
export function describe({ at, kind, ...rest }: Told): string {
  const time = (at / 1000).toFixed(3).padStart(9);
  const details = Object.entries(rest).map(([name, value]) =>
    typeof value === 'string'
      ? `${name === 'node' ? '' : `${name}: `}${value}`
      : `${name}: ${JSON.stringify(value)}`,
  );
  return `${time} s  ${kind.padEnd(14)} ${details.join(', ')}`;
}
