import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import type { DescribedGroup } from '../../fleet/aws/described-group.ts';

/** What of a group changes while it is borrowed, as it was before. */
export const beforeSchema = v.object({
  v: v.literal(1),
  terminationPolicies: v.array(v.string()),
  retains: v.boolean(),
  metrics: v.array(v.string()),
});
export type Before = v.InferOutput<typeof beforeSchema>;

/** What it is to be meanwhile. Without policies of ours it keeps its own. */
export const wantedSchema = v.object({
  /** The name of our function, by which it is known among policies also where it is not wanted (any more). */
  function: v.string(),
  terminationPolicies: v.optional(v.array(v.string())),
  metrics: v.array(v.string()),
});
export type Wanted = v.InferOutput<typeof wantedSchema>;

/** The process that a parting suspends: see `run-parting.ts`. */
export const TERMINATE = 'Terminate';
/** On the group, put there before: an operator may have suspended it too, and that stays. */
export const SUSPENDED_TAG = 'ebbtide:suspended';

type Rules = Pick<
  DescribedGroup,
  'name' | 'terminationPolicies' | 'retains' | 'metrics' | 'suspended' | 'tags' | 'desired' | 'inService'
>;

/** What is changed, and what stays as somebody else has made it, for people. */
export interface GivenBack {
  terminationPolicies: string[] | undefined;
  /** Whoever leaves and is not answered for is ended again. */
  endsRetaining: boolean;
  metrics: string[];
  /** It ends machines again, where a parting has kept it from that. */
  resumes: boolean;
  left: string[];
}

/** Pure: how a group gets its own rules again. Only what is still as we made it is given back. */
export function planGiveBack(group: Rules, wanted: Wanted, before: Before): GivenBack {
  const terminationPolicies = policiesWithoutOurs(group, wanted, before);
  const left: string[] = [];
  const say = (what: string) => left.push(`the group ${group.name} ${what}`);
  const theirs = group.terminationPolicies;
  if (
    wanted.terminationPolicies !== undefined &&
    terminationPolicies === undefined &&
    !isDeepStrictEqual(theirs, ownPolicies(before, wanted))
  )
    say(
      `keeps the termination policies ${theirs.join(', ')}, which somebody else has given it since it was borrowed; ` +
        `before, they were ${before.terminationPolicies.join(', ')}`,
    );
  if (before.retains && !group.retains)
    say(
      'ends again whoever leaves and is not answered for (InstanceLifecyclePolicy), as somebody else has set it since it was ' +
        'borrowed; before, it kept them',
    );
  if (group.suspended.includes(TERMINATE) && !isSuspendedByUs(group))
    say(`ends no machine: its process ${TERMINATE} is suspended, by somebody else, and stays so`);
  const { desired, inService } = group;
  const isStopped = isSuspendedByUs(group);
  // By then nothing holds a machine that leaves: to begin with that is left to a person.
  const wouldCut = isStopped && desired < inService;
  if (wouldCut)
    say(
      `ends no machine for now: it wants ${desired} and there are ${inService}, so that it would end some at once, with the calls on ` +
        `them. When nobody minds: \`aws autoscaling resume-processes --auto-scaling-group-name ${group.name} --scaling-processes ${TERMINATE}\``,
    );
  return {
    resumes: isStopped && !wouldCut,
    terminationPolicies,
    endsRetaining: group.retains && !before.retains,
    metrics: wanted.metrics.filter(
      (metric) => group.metrics.includes(metric) && !before.metrics.includes(metric),
    ),
    left,
  };
}

/**
 * Pure: what they are to be, where our function is among them and is about to be gone; undefined where it is not. What
 * somebody else has put beside it meanwhile stays.
 */
export function policiesWithoutOurs(
  { terminationPolicies }: Pick<Rules, 'terminationPolicies'>,
  wanted: Wanted,
  before: Before,
): string[] | undefined {
  const theirs = terminationPolicies.filter((policy) => !isOurs(policy, wanted));
  if (theirs.length === terminationPolicies.length) return undefined;
  const isAsBorrowed = theirs.length === 0 || isDeepStrictEqual(theirs, BESIDE_OURS);
  return isAsBorrowed ? ownPolicies(before, wanted) : theirs;
}

/** What we put after our function: AWS asks it for what that leaves open. */
export const BESIDE_OURS = ['Default'];

/** A pool that was there before may have been taken away without giving back. */
function ownPolicies({ terminationPolicies }: Before, wanted: Wanted): string[] {
  const own = terminationPolicies.filter((policy) => !isOurs(policy, wanted));
  return own.length > 0 ? own : ['Default'];
}

/** By its name: of the account and the region the group takes no other. */
export function isOurs(policy: string, wanted: Pick<Wanted, 'function'>): boolean {
  return policy.startsWith('arn:') && policy.split(':')[6] === wanted.function;
}

/** By a parting, and by nobody else. */
export function isSuspendedByUs({ tags }: Pick<Rules, 'tags'>): boolean {
  return tags[SUSPENDED_TAG] !== undefined;
}

/** Pure: whether the group has the rules. */
export function hasRules(group: Rules, wanted: Wanted): boolean {
  const { terminationPolicies, metrics } = wanted;
  return (
    group.retains &&
    !isSuspendedByUs(group) &&
    metrics.every((metric) => group.metrics.includes(metric)) &&
    (terminationPolicies === undefined
      ? !group.terminationPolicies.some((policy) => isOurs(policy, wanted))
      : isDeepStrictEqual(group.terminationPolicies, terminationPolicies))
  );
}
