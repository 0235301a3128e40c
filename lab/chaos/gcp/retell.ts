import { STALE_AFTER_MS } from '../../../fleet/registry.ts';
import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { Instance } from '../../gcp/compute/instance.ts';
import type { Machines } from '../../gcp/compute/machines.ts';
import type { Objects } from '../../gcp/objects.ts';
import type { WorldKit } from '../cloud.ts';
import { createDecisionBook } from '../decision-book.ts';
import { releaseOf } from '../released.ts';
import type { Members } from './machines.ts';
import { ownStatus } from './own-status.ts';
import type { Wish } from './wish.ts';

export interface RetellingOptions {
  kit: WorldKit;
  members: Members;
  objects: Objects;
}

export interface GroupRetellingOptions extends RetellingOptions {
  /** A person does what happens now. */
  isByHand(): boolean;
  /** Whether it was decided that this machine goes, or could have seemed so to who acts now. */
  mayBeDecided(instance: Instance): boolean;
}

/** Tells what the twin does in the words of all clouds. */
export function createRetelling({
  kit,
  members,
  isByHand,
  mayBeDecided,
}: GroupRetellingOptions): (happening: TwinHappening) => void {
  const { tell } = kit;
  return (happening) => {
    switch (happening.kind) {
      case 'instance': {
        const member = members.named(happening.instance);
        if (member === undefined) return;
        const { node, instance } = member;
        tell({ kind: 'cloud', node: node.id, state: `${happening.standing}: ${happening.why}` });
        if (instance.action === 'ABANDONING' && !isByHand())
          tell({ kind: 'taken-out', node: node.id, decided: mayBeDecided(instance) });
        if (instance.status !== 'STOPPING') return;
        tell(releaseOf(node));
        return;
      }
      case 'trouble':
        tell({ kind: 'refused', what: happening.problem });
        return;
      default:
        return;
    }
  };
}

export interface DecisionsOptions extends RetellingOptions {
  machines: Machines;
  wish: Wish;
  /** When the first of those who may have written it began to read. */
  readSince(): number;
  /** When a machine last left its group by something else than a decision. */
  lastLossAt(): number;
}

/** On GCP it is decided that a machine goes when its decision is written. */
export function tellDecisions(options: DecisionsOptions): {
  mayBeDecided(instance: Instance): boolean;
} {
  const { kit, members, objects, machines, wish, readSince, lastLossAt } = options;
  /** Undefined where it may have been known. */
  function whyUnfounded(instance: Instance): string | undefined {
    const since = readSince();
    const said = ownStatus(objects, instance);
    if (said === undefined || said.updated < since - STALE_AFTER_MS) return 'nothing was known of it';
    const least = wish.leastSince(since);
    if (least === undefined) return 'nobody could know how many are wanted';
    // Who was counted may be gone by now.
    if (lastLossAt() >= since) return undefined;
    const left = machines
      .present()
      .filter(
        ({ action, id }) => action !== undefined && action !== 'ABANDONING' && !book.isDecided(id),
      ).length;
    return left < least ? `${left} are left where ${least} are wanted` : undefined;
  }

  const book = createDecisionBook({
    tell: kit.tell,
    find({ node: name, machine }) {
      const member = members.all().find(({ instance }) => instance.name === name && instance.id === machine);
      if (member === undefined || member.instance.stoppedAt !== undefined) return undefined;
      const { instance, node } = member;
      const isInGroup = instance.action !== undefined;
      return {
        node,
        machine: instance.id,
        whyUnfounded: () => (isInGroup ? whyUnfounded(instance) : undefined),
        mark() {
          instance.decided = true;
        },
      };
    },
  });

  objects.onWrite((_bucket, object) => book.wrote(object.key, object.body));
  return {
    // Machines are taken out by name: whoever began before this one was there means an earlier one.
    mayBeDecided: ({ id, createdAt }) => book.isDecided(id) || readSince() <= createdAt,
  };
}
