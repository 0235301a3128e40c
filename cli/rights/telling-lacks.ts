import type { Registry } from '../../fleet/registry.ts';
import { saysLack } from './denied.ts';

type Readable = Pick<Registry, 'readFleet' | 'readDecisions'>;

/**
 * The same registry. Of an object that could not be read its reading tells why; where that is for want of a right, it is so of
 * all of them, and the whole was not read.
 */
export function tellingLacks<Reads extends Readable>(registry: Reads): Reads {
  return {
    ...registry,
    async readFleet(...asked: Parameters<Registry['readFleet']>) {
      const fleet = await registry.readFleet(...asked);
      const reasons = [...fleet.nodes.values()].map((each) =>
        each.kind === 'unreadable' ? each.reason : undefined,
      );
      return { ...fleet, ...incompleteFor(reasons) };
    },
    async readDecisions(...asked: Parameters<Registry['readDecisions']>) {
      const reading = await registry.readDecisions(...asked);
      const reasons = [...reading.decisions.values()].map((each) =>
        each.kind === 'unknown' ? each.reason : undefined,
      );
      return { ...reading, ...incompleteFor(reasons) };
    },
  };
}

function incompleteFor(
  reasons: readonly (string | undefined)[],
): { complete: false; problem: string } | object {
  const problem = reasons.find((reason) => reason !== undefined && saysLack(reason));
  return problem === undefined ? {} : { complete: false, problem };
}
