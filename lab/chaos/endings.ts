import type { DurableState } from '../../node-agent/core/state.ts';
import type { Standing } from './cloud.ts';

/** A node as it stands at one moment, for whoever asks whether it is forgotten. */
export interface NodeNow {
  id: string;
  standing: Standing;
  on: boolean;
  /** Undefined while no agent lives. */
  durable: Pick<DurableState, 'phase' | 'decision'> | undefined;
  /** Of its own agent, told now. */
  alarms: string[];
  /** An operator's drain was accepted, and not taken back. */
  drainedByHand: boolean;
}

/** An earlier state that was lost is told of for an hour: it says nothing of what waits. */
const OF_THE_PAST = ['state-lost'];

/** Nothing more is to come of itself. */
export function isAtRest({ standing, durable }: NodeNow): boolean {
  if (standing === 'gone') return true;
  if (standing !== 'in' || durable === undefined) return false;
  return durable.phase === 'serving' || durable.phase === 'empty';
}

/** What is wrong with a node long after the last trouble is over: mostly nothing. */
export function wrongAtTheEnd(now: NodeNow, cloudAlarms: readonly string[]): string[] {
  const wrong: string[] = [];
  const alarmed = [...now.alarms, ...cloudAlarms].some((alarm) => !OF_THE_PAST.includes(alarm));
  if (now.standing === 'gone' && now.on) wrong.push(`${now.id} runs on, and no cloud knows of it`);
  if (!isAtRest(now) && !alarmed) {
    const what = now.durable === undefined ? 'without an agent' : now.durable.phase;
    wrong.push(`${now.id} is ${what} (${now.standing}), and nothing tells why`);
  }
  if (
    now.drainedByHand &&
    now.standing !== 'gone' &&
    now.durable?.decision === null &&
    now.alarms.length === 0
  )
    wrong.push(`the drain of ${now.id} that an operator asked for is forgotten`);
  return wrong;
}
