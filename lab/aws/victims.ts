import {
  type Candidate,
  defaultVictims,
  readPolicyAnswer,
  terminationPolicyEvent,
  zonesToShrink,
} from './capacity.ts';
import type { AwsHappening } from './events.ts';
import type { Group } from './model.ts';

/** What a termination policy may be asked for. */
export type PolicyCause = 'SCALE_IN' | 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE';

export interface Wanted {
  group: Group;
  candidates: readonly Candidate[];
  count: number;
  /** How often the group has chosen before: zones with equally many take turns, as AWS promises no order among them. */
  turn: number;
  cause: PolicyCause;
  now: number;
}

/**
 * Who is to go: by the group's custom policy where it has one and `ask` is given, else by AWS's own. May be fewer than
 * wanted; none where the policy fails: its failure terminates nothing, and the group asks again.
 */
export async function chooseVictims(
  { group, candidates, count, turn, cause, now }: Wanted,
  ask: ((functionArn: string, event: unknown) => Promise<unknown>) | undefined,
  emit: (happening: AwsHappening) => void,
): Promise<string[]> {
  const first = turn % Math.max(1, group.zones.length);
  const zones = [...group.zones.slice(first), ...group.zones.slice(0, first)];
  const demand = zonesToShrink(zones, candidates, count);
  if (demand.length === 0) return [];
  const { version, instanceType } = group.template;
  const [policy = 'Default'] = group.terminationPolicies;
  if (!ask || !policy.startsWith('arn:')) return defaultVictims(candidates, demand, version, now);
  const offered = candidates.filter(({ zone }) => demand.some((each) => each.zone === zone));
  const event = terminationPolicyEvent(
    { arn: group.arn, name: group.name, instanceType },
    demand,
    offered,
    cause,
  );
  let answer: unknown;
  try {
    answer = await ask(policy, event);
  } catch {
    // Told already, by the event of the function that failed.
    return [];
  }
  const read = readPolicyAnswer(answer, offered, demand, version, now);
  if (read.kind === 'victims') return read.ids;
  if (read.problem !== undefined) emit({ kind: 'trouble', problem: read.problem });
  return [];
}
