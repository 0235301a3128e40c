import type { NodeReading } from './registry.ts';
import { isEmptyWork, type NodeStatus, type Work } from './status.ts';

/** A machine that the cloud offers. `reading` is what the registry says of it; `zone` as the cloud names it. */
export interface Candidate {
  node: string;
  zone: string;
  reading: NodeReading;
}

/** How many the cloud wants from where; a demand without a zone may be met anywhere. */
export interface Demand {
  zone?: string;
  count: number;
}

export interface ChoosingRules {
  /** Serving nodes that must remain. 0 where the cloud itself keeps the minimum. */
  minServing: number;
  maxDrains: number;
  /** Drains under way among nodes that are not candidates any more. */
  drainsUnderWay: number;
  coolDownMs: number;
  /** When the last decision was made, ms since the epoch. */
  lastDecisionAt?: number;
  warmUpMs: number;
  /** `only-known`: an unknown node is never chosen. `known-first`: after all known ones (the cloud must replace it). */
  unknown: 'only-known' | 'known-first';
  /** When rolling: nodes whose template is another go first. */
  currentTemplate?: string;
  /** Decided already, and not seen to drain yet: the same again, so that asking twice does not choose twice. */
  alreadyChosen: ReadonlySet<string>;
}

export interface Choice {
  victims: { node: string; reason: string }[];
  passedOver: { node: string; reason: string }[];
}

/**
 * Chooses who should go: known, serving, not protected, older than the warm-up; outdated software first when rolling,
 * then fewest rooms and jobs, then fewest people, then oldest. Never more than the demands together ask.
 * Every candidate is either a victim or passed over with a reason.
 */
export function chooseVictims(
  candidates: readonly Candidate[],
  demands: readonly Demand[],
  rules: ChoosingRules,
  now: number,
): Choice {
  const passedOver: Choice['passedOver'] = [];
  const eligible: Candidate[] = [];
  for (const candidate of candidates) {
    const reason = whyNot(candidate, rules, now);
    if (reason === undefined) eligible.push(candidate);
    else passedOver.push({ node: candidate.node, reason });
  }
  eligible.sort((a, b) => compare(a, b, rules));

  const bound = boundOf(candidates, rules, now);
  const wanted = demands.map((demand) => ({ ...demand }));
  const victims: Choice['victims'] = [];
  for (const candidate of eligible) {
    const demand = wanted.find(
      ({ zone, count }) => count > 0 && (zone === undefined || zone === candidate.zone),
    );
    if (demand === undefined) {
      passedOver.push({ node: candidate.node, reason: whyNotNeeded(candidate, demands) });
    } else if (victims.length >= bound.count) {
      passedOver.push({ node: candidate.node, reason: bound.reason });
    } else {
      demand.count -= 1;
      victims.push({ node: candidate.node, reason: describe(candidate, rules) });
    }
  }
  return { victims, passedOver };
}

function whyNot({ node, reading }: Candidate, rules: ChoosingRules, now: number): string | undefined {
  if (reading.kind !== 'fresh') {
    return rules.unknown === 'known-first'
      ? undefined
      : `${describeReading(reading)}: unknown is never empty`;
  }
  const { status } = reading;
  if (status.protected) return 'protected by an operator';
  if (status.work === null) {
    return rules.unknown === 'known-first'
      ? undefined
      : `its work is unknown: ${status.unknown ?? 'no reason given'}`;
  }
  if (status.phase !== 'serving') return `not serving: ${status.phase}`;
  const upForMs = now - Date.parse(status.bootedAt);
  if (upForMs < rules.warmUpMs && !rules.alreadyChosen.has(node)) {
    return `warming up: ${Math.max(0, Math.round(upForMs / 1000))} s of ${Math.round(rules.warmUpMs / 1000)} s`;
  }
  return undefined;
}

function boundOf(
  candidates: readonly Candidate[],
  rules: ChoosingRules,
  now: number,
): { count: number; reason: string } {
  const sinceLastMs =
    rules.lastDecisionAt === undefined ? Number.POSITIVE_INFINITY : now - rules.lastDecisionAt;
  const serving = candidates.filter(
    ({ reading }) => reading.kind === 'fresh' && reading.status.phase === 'serving',
  ).length;
  const bounds = [
    {
      count: rules.minServing > 0 ? serving - rules.minServing : Number.POSITIVE_INFINITY,
      reason: `the minimum of ${rules.minServing} serving nodes must remain`,
    },
    {
      count: rules.maxDrains - rules.drainsUnderWay,
      reason: `${rules.maxDrains} drains at once are allowed, ${rules.drainsUnderWay} under way`,
    },
    {
      count: sinceLastMs >= rules.coolDownMs ? Number.POSITIVE_INFINITY : 0,
      reason: `cooling down since the last decision ${Math.round(sinceLastMs / 1000)} s ago`,
    },
  ];
  const tightest = bounds.reduce((least, bound) => (bound.count < least.count ? bound : least));
  return { count: Math.max(0, tightest.count), reason: tightest.reason };
}

function compare(a: Candidate, b: Candidate, rules: ChoosingRules): number {
  const [left, right] = [rank(a, rules), rank(b, rules)];
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.node < b.node ? -1 : 1;
}

/** Smaller goes first, member by member. */
function rank({ node, reading }: Candidate, rules: ChoosingRules): number[] {
  const chosen = rules.alreadyChosen.has(node) ? 0 : 1;
  if (reading.kind !== 'fresh' || reading.status.work === null) return [chosen, 1, 0, 0, 0, 0];
  const { status } = reading;
  const work = reading.status.work;
  return [
    chosen,
    0,
    isOutdated(status, rules) ? 0 : 1,
    roomsAndJobs(work),
    work.people,
    Date.parse(status.bootedAt),
  ];
}

function isOutdated(status: NodeStatus, rules: ChoosingRules): boolean {
  return rules.currentTemplate !== undefined && status.software.template !== rules.currentTemplate;
}

function roomsAndJobs(work: Work): number {
  return work.rooms + work.egress + work.ingress + work.agents;
}

function whyNotNeeded({ zone }: Candidate, demands: readonly Demand[]): string {
  const asked = demands.reduce((sum, { count }) => sum + count, 0);
  const inZone = demands.some((demand) => demand.zone === undefined || demand.zone === zone);
  return inZone ? `others go first: only ${asked} asked for` : `nothing is asked for in zone ${zone}`;
}

function describe({ reading }: Candidate, rules: ChoosingRules): string {
  if (reading.kind !== 'fresh') return `${describeReading(reading)}, and nobody known is left to replace`;
  const { work } = reading.status;
  if (work === null) return 'its work is unknown, and nobody known is left to replace';
  const outdated = isOutdated(reading.status, rules) ? 'outdated software; ' : '';
  if (isEmptyWork(work)) return `${outdated}empty`;
  return `${outdated}fewest calls: ${work.rooms} rooms, ${work.people} people, ${roomsAndJobs(work) - work.rooms} jobs`;
}

function describeReading(reading: Exclude<NodeReading, { kind: 'fresh' }>): string {
  switch (reading.kind) {
    case 'stale':
      return `last heard of ${Math.round(reading.ageMs / 1000)} s ago`;
    case 'missing':
      return 'no status in the registry';
    case 'unreadable':
      return `its status cannot be read (${reading.reason})`;
  }
}
