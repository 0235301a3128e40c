export interface Candidate {
  id: string;
  zone: string;
  template: string;
  launchedAt: number;
}

export interface ZoneCapacity {
  zone: string;
  count: number;
}

/** The zone that the next instance goes to: the one with the fewest; the first of those that are equal. */
export function zoneToGrow(zones: readonly string[], present: readonly { zone: string }[]): string {
  const counts = countByZone(zones, present);
  return counts.reduce((least, each) => (each.count < least.count ? each : least)).zone;
}

/** From which zones how many should go, so that the zones stay even. */
export function zonesToShrink(
  zones: readonly string[],
  present: readonly { zone: string }[],
  count: number,
): ZoneCapacity[] {
  const left = countByZone(zones, present);
  const taken = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const most = left.reduce((greatest, each) => (each.count > greatest.count ? each : greatest));
    if (most.count === 0) break;
    most.count -= 1;
    taken.set(most.zone, (taken.get(most.zone) ?? 0) + 1);
  }
  return [...taken].map(([zone, each]) => ({ zone, count: each }));
}

const HOUR_MS = 3_600_000;

/**
 * AWS's own choice, `Default`: in the zone asked for, outdated template first, then closest to the next billing hour.
 * (Where AWS then takes any, the twin takes the first by id, so that a run can be repeated.)
 */
export function defaultVictims(
  candidates: readonly Candidate[],
  demand: readonly ZoneCapacity[],
  currentTemplate: string,
  now: number,
): string[] {
  return demand.flatMap(({ zone, count }) =>
    candidates
      .filter((candidate) => candidate.zone === zone)
      .map((candidate) => ({ candidate, rank: rankOf(candidate, currentTemplate, now) }))
      .sort(
        (a, b) =>
          a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || (a.candidate.id < b.candidate.id ? -1 : 1),
      )
      .slice(0, count)
      .map(({ candidate }) => candidate.id),
  );
}

export interface TerminationPolicyEvent {
  AutoScalingGroupARN: string;
  AutoScalingGroupName: string;
  CapacityToTerminate: { AvailabilityZone: string; Capacity: number; InstanceMarketOption: 'on-demand' }[];
  Instances: {
    AvailabilityZone: string;
    InstanceId: string;
    InstanceType: string;
    InstanceMarketOption: 'on-demand';
  }[];
  Cause: string;
}

/** What a custom termination policy is given. */
export function terminationPolicyEvent(
  group: { arn: string; name: string; instanceType: string },
  demand: readonly ZoneCapacity[],
  candidates: readonly Candidate[],
  cause: string,
): TerminationPolicyEvent {
  return {
    AutoScalingGroupARN: group.arn,
    AutoScalingGroupName: group.name,
    CapacityToTerminate: demand.map(({ zone, count }) => ({
      AvailabilityZone: zone,
      Capacity: count,
      InstanceMarketOption: 'on-demand',
    })),
    Instances: candidates.map(({ id, zone }) => ({
      AvailabilityZone: zone,
      InstanceId: id,
      InstanceType: group.instanceType,
      InstanceMarketOption: 'on-demand',
    })),
    Cause: cause,
  };
}

export type PolicyAnswer = { kind: 'victims'; ids: string[] } | { kind: 'nothing'; problem?: string };

/**
 * What the group makes of a custom policy's answer: only instances of its own, never more than asked (of more, the
 * next policy picks), and nothing at all of an answer that is not one.
 */
export function readPolicyAnswer(
  answer: unknown,
  candidates: readonly Candidate[],
  demand: readonly ZoneCapacity[],
  currentTemplate: string,
  now: number,
): PolicyAnswer {
  const ids = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'InstanceIDs') : undefined;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) {
    return { kind: 'nothing', problem: `not an answer of a termination policy: ${JSON.stringify(answer)}` };
  }
  const named = candidates.filter(({ id }) => ids.includes(id));
  const asked = demand.reduce((sum, { count }) => sum + count, 0);
  if (named.length === 0) return { kind: 'nothing' };
  if (named.length <= asked) return { kind: 'victims', ids: named.map(({ id }) => id) };
  const first = defaultVictims(named, demand, currentTemplate, now);
  const others = named.map(({ id }) => id).filter((id) => !first.includes(id));
  return { kind: 'victims', ids: [...first, ...others].slice(0, asked) };
}

function countByZone(zones: readonly string[], present: readonly { zone: string }[]): ZoneCapacity[] {
  return zones.map((zone) => ({ zone, count: present.filter((each) => each.zone === zone).length }));
}

/** Smaller goes first. */
function rankOf({ template, launchedAt }: Candidate, currentTemplate: string, now: number): [number, number] {
  const untilNextHour = HOUR_MS - ((now - launchedAt) % HOUR_MS);
  return [template === currentTemplate ? 1 : 0, untilNextHour];
}
