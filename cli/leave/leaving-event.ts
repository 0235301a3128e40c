import { describeDuration } from '../../fleet/duration.ts';
import type { Phase } from '../../fleet/status.ts';

/** Why nothing was done, in words that a script may rest on. */
export type RefusalCode = 'no-such-node' | 'protected' | 'minimum' | 'not-confirmed' | 'another-roll';

/** Nothing was changed, and nothing is wrong: what was asked for is not to be. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, text: string) {
    super(text);
    this.code = code;
  }
}

/** How a node that leaves is just now. `rooms` and so on are absent where that is not known, and `unknown` says why. */
interface OnItsWay {
  phase?: Phase | undefined;
  rooms?: number | undefined;
  people?: number | undefined;
  jobs?: number | undefined;
  unknown?: string | undefined;
  /** In its phase. */
  forMs?: number | undefined;
}

/** What happens while nodes leave: one line each, for people or, with `--json`, for machines. */
export type LeavingEvent =
  | { event: 'asked'; node: string; machine: string; decision: string; reason: string; remark?: string }
  | ({ event: 'leaving'; node: string; machine: string } & OnItsWay)
  | { event: 'gone'; node: string; machine: string }
  /** An operator protects it. */
  | { event: 'kept'; node: string; machine: string }
  /** `more` are to be asked later: why. */
  | { event: 'waiting'; more: number; reason: string }
  | { event: 'failed'; node?: string; reason: string }
  /** Of a roll: nothing is known of their software. */
  | { event: 'unjudged'; nodes: string[] }
  | { event: 'lock'; text: string }
  /** What nodes say of themselves could not be checked. */
  | { event: 'unverified'; reason: string }
  | { event: 'refused'; code: RefusalCode; reason: string }
  /** What comes last of all, but where it was refused. Numbers are absent where nothing was seen. */
  | { event: 'end'; outcome: 'gone' | 'begun' | 'failed' | 'interrupted'; leaving?: number; more?: number };

/** For people. */
export function sentenceOf(event: LeavingEvent): string {
  switch (event.event) {
    case 'asked':
      return `${event.node} was asked to leave (${event.reason}; decision ${event.decision})${event.remark === undefined ? '' : `: ${event.remark}`}`;
    case 'leaving':
      return `${event.node}: ${onItsWay(event)}`;
    case 'gone':
      return `${event.node} is gone`;
    case 'kept':
      return `${event.node} is protected by an operator, and stays`;
    case 'waiting':
      return `${event.more} more ${event.more === 1 ? 'is' : 'are'} to be asked: ${event.reason}`;
    case 'failed':
    case 'unverified':
    case 'refused':
      return `fleet: ${event.reason}`;
    case 'unjudged':
      return `nothing is known of the software of ${event.nodes.join(', ')}: they were left alone`;
    case 'lock':
      return event.text;
    case 'end':
      return endOf(event);
    default:
      return event satisfies never;
  }
}

function onItsWay({ phase, rooms, people, jobs, unknown, forMs }: OnItsWay): string {
  if (phase === undefined) return unknown ?? 'nothing is known of it';
  const since = forMs === undefined ? '' : `, for ${describeDuration(forMs)}`;
  if (rooms === undefined) return `${phase}, its work is unknown (${unknown ?? 'no reason given'})${since}`;
  const alsoJobs = jobs === undefined || jobs === 0 ? '' : `, ${jobs} jobs`;
  return `${phase}, ${rooms} rooms, ${people ?? 0} people${alsoJobs}${since}`;
}

function endOf({ outcome, leaving, more = 0 }: Extract<LeavingEvent, { event: 'end' }>): string {
  if (leaving === undefined) return 'Nobody was asked.';
  switch (outcome) {
    case 'gone':
      return 'Done: nobody is left who was to leave.';
    case 'begun':
      return more === 0
        ? `${nodes(leaving)} on the way out, and will go when the last room there has ended.`
        : `${nodes(leaving)} on the way out. ${more} more to be asked when those are gone: run it again, or with --wait.`;
    case 'failed':
      return `Not all went as it was to. ${nodes(leaving)} on the way out: run it again, and it goes on.`;
    case 'interrupted':
      return `Interrupted. ${nodes(leaving)} on the way out, and will go without this.${more === 0 ? '' : ` ${more} more were not asked: run it again.`}`;
    default:
      return outcome satisfies never;
  }
}

function nodes(count: number): string {
  return count === 1 ? '1 node is' : `${count} nodes are`;
}
