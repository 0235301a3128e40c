import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { SharedSettings } from './settings-schema.ts';

interface OtherCloud {
  name: string;
  /** Of who leaves, and why it cannot be taken. */
  ownChoice: string;
  /** Why a way into a node needs no key of yours. */
  keyless: string;
}

/** What only AWS has, asked of a cloud that has it not. */
export function problemsBeyondAws(
  { access, scaleIn, agent }: RightPart<SharedSettings>,
  { name, ownChoice, keyless }: OtherCloud,
): Problem[] {
  const ofNoUse = (why: string) => `is of no use on ${name}, ${why}: leave it out`;
  return [
    ...(scaleIn?.victim === 'native'
      ? [{ key: 'scaleIn.victim', says: `is "native": must be "emptiest" on ${name}, ${ownChoice}` }]
      : []),
    ...((access?.keys ?? []).length === 0 ? [] : [{ key: 'access.keys', says: ofNoUse(keyless) }]),
    ...(agent?.onRebalance === undefined
      ? []
      : [{ key: 'agent.onRebalance', says: ofNoUse('which has no rebalance recommendations') }]),
    ...(agent?.every?.heartbeat === undefined
      ? []
      : [{ key: 'agent.every.heartbeat', says: ofNoUse('where no timer runs against a drain') }]),
  ];
}
