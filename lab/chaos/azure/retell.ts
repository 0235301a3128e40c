import * as v from 'valibot';
import { type Decision, decisionSchema } from '../../../fleet/decision.ts';
import type { Blobs } from '../../azure/blobs.ts';
import type { Machines } from '../../azure/compute/machines.ts';
import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { WorldKit } from '../cloud.ts';
import type { Hearsay } from './founded.ts';
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

const readDecision = v.safeParser(v.pipe(v.string(), v.parseJson(), decisionSchema));

export interface DecisionsOptions {
  kit: Pick<WorldKit, 'tell'>;
  members: Members;
  machines: Machines;
  blobs: Blobs;
  hearsay: Hearsay;
  /** When the first of those who may have written it began to read. */
  readSince(): number;
  /** When a machine was last off, or on its way out of its set. */
  lastLossAt(): number;
}

/** On Azure it is decided that a machine goes when its decision is written. */
export function tellDecisions(options: DecisionsOptions): { again(member: Member): void } {
  const { kit, members, machines, blobs, hearsay, readSince, lastLossAt } = options;
  const told = new Set<string>();
  /** By their own ids: an evicted machine is on its way out too, and who decides may not have heard of that yet. */
  const decided = new Set<string>();

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
      .filter(({ vmId, power }) => !decided.has(vmId) && power !== 'stopped');
    return hearsay.whyUnfounded(instance, candidates, since);
  }

  function wanted({ node }: Member, { id, cause, reason }: Decision, unfounded: string | undefined): void {
    const chosen = cause === 'scale-in';
    kit.tell({ kind: 'wanted', node: node.id, chosen, unfounded, decision: id, why: `${cause}: ${reason}` });
  }

  blobs.onWrite((container, { body }) => {
    if (container !== 'decisions') return;
    const parsed = readDecision(body.toString());
    if (!parsed.success || parsed.output.intent !== 'leave') return;
    const decision = parsed.output;
    const member = memberMeant(decision);
    // The same decision is written again by whoever does not know that it was.
    if (member === undefined || told.has(decision.id)) return;
    const { instance } = member;
    const unfounded = decided.has(instance.vmId) ? undefined : whyUnfounded(member);
    told.add(decision.id);
    decided.add(instance.vmId);
    instance.decided = true;
    // While its disk is made anew there is no machine that could hear of it: it is told of the next.
    if (instance.provisioning !== 'Updating') wanted(member, decision, unfounded);
  });

  return {
    again(member) {
      const blob = blobs.get(ACCOUNT, 'decisions', `${member.instance.name}.json`);
      const parsed = readDecision(blob?.body.toString() ?? '');
      if (!parsed.success || parsed.output.intent !== 'leave' || memberMeant(parsed.output) !== member)
        return;
      wanted(member, parsed.output, undefined);
    },
  };
}
