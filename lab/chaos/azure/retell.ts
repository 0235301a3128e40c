import type { Decision } from '../../../fleet/decision.ts';
import type { Blobs } from '../../azure/blobs.ts';
import type { Instance } from '../../azure/compute/instance.ts';
import type { Machines } from '../../azure/compute/machines.ts';
import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { WorldKit } from '../cloud.ts';
import { createDecisionBook, readLeaving, wantedOf } from '../decision-book.ts';
import type { Hearsay } from '../hearsay.ts';
import type { Member, Members } from './machines.ts';
import { ACCOUNT, RUNBOOK } from './model.ts';

/** Tells what the twin does in the words of all clouds. */
export function createRetelling(
  { tell }: Pick<WorldKit, 'tell'>,
  members: Members,
): (happening: TwinHappening) => void {
  /** By others: its drain is none of ours any more. */
  function takenAway({ node }: Member): void {
    tell({ kind: 'hold-lost', node: node.id, disturbed: true });
  }

  return (happening) => {
    switch (happening.kind) {
      case 'instance': {
        const { standing, why } = happening;
        const member = members.named(happening.instance);
        if (member === undefined) return;
        tell({ kind: 'cloud', node: member.node.id, state: `${standing}: ${why}` });
        if (standing !== 'leaving') return;
        if (why === `deleted by ${RUNBOOK}`) members.giveUp(member.instance);
        else takenAway(member);
        return;
      }
      case 'notice': {
        const member = members.named(happening.instance);
        if (member !== undefined && happening.notice === 'Preempt') takenAway(member);
        return;
      }
      case 'desired':
        tell({
          kind: 'function',
          name: 'set',
          outcome: `${happening.to} by ${happening.by}: ${happening.why}`,
        });
        return;
      case 'invocation-failed':
        tell({ kind: 'function', name: happening.function, outcome: happening.problem });
        return;
      case 'refused':
        tell({ kind: 'refused', what: `${happening.action} on ${happening.resource}: ${happening.why}` });
        return;
      case 'trouble':
        tell({ kind: 'refused', what: happening.problem });
        return;
      default:
        return;
    }
  };
}

export interface DecisionsOptions {
  kit: Pick<WorldKit, 'tell'>;
  members: Members;
  machines: Machines;
  blobs: Blobs;
  hearsay: Hearsay<Instance>;
  /** When the first of those who may have written it began to read. */
  readSince(): number;
  /** When a machine was last off, or on its way out of its set. */
  lastLossAt(): number;
}

/** On Azure it is decided that a machine goes when its decision is written. */
export function tellDecisions(options: DecisionsOptions): { again(member: Member): void } {
  const { kit, members, machines, blobs, hearsay, readSince, lastLossAt } = options;
  function memberMeant({ node, machine }: Decision): Member | undefined {
    const member = members.named(node);
    if (member === undefined || member.instance.vmId !== machine) return undefined;
    return member.instance.stoppedAt === undefined ? member : undefined;
  }

  function whyUnfounded({ instance }: Member): string | undefined {
    const since = readSince();
    // Who was counted may be gone by now.
    if (lastLossAt() >= since) return undefined;
    // What is off serves nobody, whatever it said a moment before, and Azure says so.
    const candidates = machines
      .present()
      .filter(({ vmId, power }) => !book.isDecided(vmId) && power !== 'stopped');
    return hearsay.whyUnfounded(instance, candidates, since);
  }

  const book = createDecisionBook({
    tell: kit.tell,
    find(decision) {
      const member = memberMeant(decision);
      if (member === undefined) return undefined;
      const { instance, node } = member;
      return {
        node,
        machine: instance.vmId,
        // While its disk is made anew there is no machine that could hear of it: it is told of the next.
        isTold: instance.provisioning !== 'Updating',
        whyUnfounded: () => whyUnfounded(member),
        mark() {
          instance.decided = true;
        },
      };
    },
  });

  blobs.onWrite((container, { name, body }) => {
    if (container === 'decisions') book.wrote(`${container}/${name}`, body);
  });

  return {
    again(member) {
      const blob = blobs.get(ACCOUNT, 'decisions', `${member.instance.name}.json`);
      const decision = readLeaving(blob?.body.toString() ?? '');
      if (decision !== undefined && memberMeant(decision) === member)
        kit.tell(wantedOf(member.node, decision));
    },
  };
}
