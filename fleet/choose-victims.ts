import type { NodeReading } from './registry.ts';
import { isEmptyWork, type NodeStatus, type Work } from './status.ts';

/** Where a machine is, as the cloud counts its machines apart. `market`: how it is paid for, where the cloud asks by that. */
export interface Place {
  zone: string;
  market?: string | undefined;
}

/** A machine that the cloud offers. `reading` is what the registry says of it. */
export interface Candidate extends Place {
  node: string;
  reading: NodeReading;
}

/** How many the cloud wants from where; what a demand leaves out may be anything. */
export interface Demand extends Partial<Place> {
  count: number;
}

export interface ChoosingRules {
  /** Serving nodes that must remain. 0 where the cloud itself keeps the minimum, or nobody need serve. */
  minServing: number;
  maxDrains: number;
  /** Drains under way, and decided ones that are not seen to drain yet. */
  drainsUnderWay: number;
  coolDownMs: number;
  /** When the last decision was made, ms since the epoch. */
  lastDecisionAt?: number | undefined;
  warmUpMs: number;
  /**
   * `only-known`: chosen are none but known, serving nodes. `known-first`: the cloud has to replace them all, so those
   * that do not serve follow, and those of which nothing is known come last.
   */
  unknown: 'only-known' | 'known-first';
  /** When rolling: nodes whose template is another go first. */
  currentTemplate?: string | undefined;
  /** Decided already, and not seen to drain yet: the same again, so that asking twice does not choose twice. */
  alreadyChosen: ReadonlySet<string>;
}

export interface Choice {
  victims: { node: string; reason: string }[];
  passedOver: { node: string; reason: string }[];
  /** What kept somebody here who might go else; undefined where no bound did. */
  bound?: string;
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
  eligible.sort((a, b) => compare(a, b, rules, now));

  const bound = boundOf(candidates, rules, now);
  // The most particular demand is met first, so that no machine is spent on a demand that another could meet.
  const open = demands.map((demand) => ({ ...demand })).sort((a, b) => particularity(b) - particularity(a));
  const victims: Choice['victims'] = [];
  let decidedNow = 0;
  let isBound = false;
  for (const candidate of eligible) {
    const demand = open.find((wanted) => wanted.count > 0 && isIn(candidate, wanted));
    const isNew = !rules.alreadyChosen.has(candidate.node);
    if (demand === undefined) {
      passedOver.push({ node: candidate.node, reason: whyNotNeeded(candidate, demands) });
    } else if (isNew && decidedNow >= bound.count) {
      passedOver.push({ node: candidate.node, reason: bound.reason });
      isBound = true;
    } else {
      demand.count -= 1;
      if (isNew) decidedNow += 1;
      victims.push({ node: candidate.node, reason: describe(candidate, rules) });
    }
  }
  return { victims, passedOver, ...(isBound ? { bound: bound.reason } : {}) };
}

function whyNot({ node, reading }: Candidate, rules: ChoosingRules, now: number): string | undefined {
  if (reading.kind === 'fresh' && reading.status.protected) return 'protected by an operator';
  if (rules.unknown === 'known-first') return undefined;
  if (reading.kind !== 'fresh') return `${describeReading(reading)}: unknown is never empty`;
  const { status } = reading;
  if (status.phase !== 'serving') return `not serving: ${status.phase}`;
  if (status.work === null) return `its work is unknown: ${status.unknown ?? 'no reason given'}`;
  if (isWarmingUp(status, rules, now) && !rules.alreadyChosen.has(node)) {
    const upForMs = Math.max(0, now - Date.parse(status.bootedAt));
    return `warming up: ${Math.floor(upForMs / 1000)} s of ${Math.round(rules.warmUpMs / 1000)} s`;
  }
  return undefined;
}

function isWarmingUp(status: NodeStatus, rules: ChoosingRules, now: number): boolean {
  return isStillWarming(Date.parse(status.bootedAt), rules, now);
}

function isStillWarming(
  bootedAt: number,
  { warmUpMs }: Pick<ChoosingRules, 'warmUpMs'>,
  now: number,
): boolean {
  return now - bootedAt < warmUpMs;
}

/** How many may be decided now, besides those that are decided already. */
function boundOf(
  candidates: readonly Candidate[],
  rules: ChoosingRules,
  now: number,
): { count: number; reason: string } {
  const sinceLastMs = now - (rules.lastDecisionAt ?? Number.NEGATIVE_INFINITY);
  const serving = candidates.filter(
    ({ node, reading }) =>
      reading.kind === 'fresh' && reading.status.phase === 'serving' && !rules.alreadyChosen.has(node),
  ).length;
  const bounds = [
    {
      count: rules.minServing > 0 ? serving - rules.minServing : Number.POSITIVE_INFINITY,
      reason: `the minimum of ${rules.minServing} serving nodes must remain`,
    },
    {
      count: rules.maxDrains - rules.drainsUnderWay,
      reason: `drains at once: ${rules.maxDrains} allowed, ${rules.drainsUnderWay} under way before this decision`,
    },
    {
      count: sinceLastMs >= rules.coolDownMs ? Number.POSITIVE_INFINITY : 0,
      reason: `cooling down since the last decision ${Math.round(sinceLastMs / 1000)} s ago`,
    },
  ];
  const tightest = bounds.reduce((least, bound) => (bound.count < least.count ? bound : least));
  return { count: Math.max(0, tightest.count), reason: tightest.reason };
}

export function isIn(candidate: Place, { zone, market }: Partial<Place>): boolean {
  const inZone = zone === undefined || zone === candidate.zone;
  return inZone && (market === undefined || candidate.market === undefined || market === candidate.market);
}

function particularity({ zone, market }: Partial<Place>): number {
  return (zone === undefined ? 0 : 1) + (market === undefined ? 0 : 1);
}

function compare(a: Candidate, b: Candidate, rules: ChoosingRules, now: number): number {
  return compareRanks(rank(a, rules, now), rank(b, rules, now)) || (a.node < b.node ? -1 : 1);
}

function compareRanks(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Smaller goes first, member by member. Whoever is decided goes first; who is least known goes last. */
function rank({ node, reading }: Candidate, rules: ChoosingRules, now: number): number[] {
  const chosen = rules.alreadyChosen.has(node) ? 0 : 1;
  if (reading.kind !== 'fresh' || reading.status.work === null) return [chosen, 2, 0, 0, 0, 0];
  const { status } = reading;
  const [warmingUp = 0, ...others] = preference(standingOf(status, reading.status.work), rules, now);
  return [chosen, status.phase === 'serving' ? warmingUp : 1, ...others];
}

/** What the order of known, serving nodes rests on. Times are ms since the epoch. */
export interface Standing {
  template: string | undefined;
  roomsAndJobs: number;
  people: number;
  bootedAt: number;
}

export function standingOf({ software, bootedAt }: NodeStatus, work: Work): Standing {
  const { people } = work;
  return {
    template: software.template,
    roomsAndJobs: roomsAndJobs(work),
    people,
    bootedAt: Date.parse(bootedAt),
  };
}

type RulesOfOrder = Pick<ChoosingRules, 'currentTemplate' | 'warmUpMs'>;

/** Among known, serving nodes: who would go first, is first. */
export function inOrder<Node extends Standing>(
  nodes: readonly Node[],
  rules: RulesOfOrder,
  now: number,
): Node[] {
  return nodes
    .map((node) => ({ node, rank: preference(node, rules, now) }))
    .sort((a, b) => compareRanks(a.rank, b.rank))
    .map(({ node }) => node);
}

function preference(
  { template, roomsAndJobs, people, bootedAt }: Standing,
  rules: RulesOfOrder,
  now: number,
): number[] {
  return [
    isStillWarming(bootedAt, rules, now) ? 1 : 0,
    isOfOther(template, rules) ? 0 : 1,
    roomsAndJobs,
    people,
    bootedAt,
  ];
}

function isOutdated(status: NodeStatus, rules: ChoosingRules): boolean {
  return isOfOther(status.software.template, rules);
}

function isOfOther(
  template: string | undefined,
  { currentTemplate }: Pick<ChoosingRules, 'currentTemplate'>,
): boolean {
  return currentTemplate !== undefined && template !== currentTemplate;
}

function roomsAndJobs(work: Work): number {
  return work.rooms + work.egress + work.ingress + work.agents;
}

function whyNotNeeded(candidate: Candidate, demands: readonly Demand[]): string {
  const asked = demands
    .filter((demand) => isIn(candidate, demand))
    .reduce((sum, { count }) => sum + count, 0);
  const place = candidate.market === undefined ? candidate.zone : `${candidate.zone}, ${candidate.market}`;
  return asked > 0 ? `others go first: only ${asked} asked for` : `none is asked for in ${place}`;
}

function describe({ reading }: Candidate, rules: ChoosingRules): string {
  if (reading.kind !== 'fresh') return `${describeReading(reading)}, and nobody known is left to replace`;
  const { status } = reading;
  const { work } = status;
  if (work === null) return 'its work is unknown, and nobody known is left to replace';
  const outdated = isOutdated(status, rules) ? 'outdated software; ' : '';
  const phase = status.phase === 'serving' ? '' : `${status.phase}; `;
  if (isEmptyWork(work)) return `${outdated}${phase}empty`;
  const jobs = roomsAndJobs(work) - work.rooms;
  return `${outdated}${phase}fewest calls: ${work.rooms} rooms, ${work.people} people, ${jobs} jobs`;
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
