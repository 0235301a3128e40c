import type { Choice } from '../../fleet/choose-victims.ts';
import type { PoolMachine } from '../../fleet/pool-machine.ts';
import type { Finding } from '../watch/finding.ts';
import { measure, type PoolCounts } from '../watch/measure.ts';
import { whatOfRefusal } from '../watch/refusal.ts';
import { adopt, strays } from './adoption.ts';
import type { Allowance } from './allowance.ts';
import { drainsUnderWay } from './drains.ts';
import { findingsOf, isComingUp } from './findings.ts';
import {
  type Decided,
  NO_MEMORY,
  newClaims,
  openClaims,
  type PoolMemory,
  type Recalled,
  recall,
} from './memory.ts';
import { isLeftToPeople, whyRemove } from './removal.ts';
import { decideScaleIn } from './scale-in.ts';
import { markOf, type PoolRules, type PoolWorld, type SeenMachine, see } from './world.ts';

/**
 * What a run does, each step safe to repeat. First `memory` is written, over the very memory that was read, and without
 * it nothing is decided; then a decision, then its machine is taken out of its group, then it is marked. What fails keeps
 * all that follows of it from being done.
 */
export interface PoolPlan<Machine extends PoolMachine = PoolMachine> {
  /** undefined where it needs no writing. */
  memory: PoolMemory | undefined;
  /** Victims, and machines that have left their group without a decision. */
  decide: Decided<Machine>[];
  /** Decided before, and in their group still. */
  takeOut: Decided<Machine>[];
  /** Decided before, and not marked yet. */
  mark: Decided<Machine>[];
  remove: (Decided<Machine> & { reason: string })[];
  findings: Finding[];
  passedOver: Choice['passedOver'];
  drainsUnderWay: number;
  allowance: Allowance;
  /** Why nobody more may be decided now. */
  held: string | undefined;
  counts: PoolCounts;
}

/** How old the word may be that there are too many before it is written anew. */
const REFRESH_LOW_MS = 30_000;

/** Pure: from the world as it is, whatever an earlier run has left half-done. */
export function planPool<Machine extends PoolMachine>(
  world: PoolWorld<Machine>,
  rules: PoolRules,
  createId: () => string,
): PoolPlan<Machine> {
  const { now, fleet } = world;
  const recalled = recall(world.memory);
  if (world.machines.kind === 'unknown') {
    const counts = measure(undefined, fleet, now, rules.warnAfterMs);
    return { ...NOTHING, findings: findingsOf(world, undefined, recalled, rules), counts };
  }
  const machines = see(world.machines.machines, world);
  const before = recalled.kind === 'known' ? recalled.memory : NO_MEMORY;
  const claims = openClaims(before, machines, now);
  const outside = strays(machines, before.outside, now);
  const adoptions =
    recalled.kind === 'known' ? adopt(machines, { outside, claims }, rules, now, createId) : [];
  const underWay = drainsUnderWay(machines, claims, now);
  const { victims, memory, refused, ...scaleIn } = decideScaleIn({
    world,
    rules,
    machines,
    recalled,
    before,
    claims,
    underWay,
    createId,
  });
  const after = { ...memory, claims: [...memory.claims, ...newClaims(claims, adoptions)], outside };
  const { allowance, passedOver } = scaleIn;
  const excess = allowance.kind === 'known' ? allowance.excess : 0;
  const decided = machines.flatMap((machine) =>
    machine.decided.kind === 'decided' ? [{ machine, decision: machine.decided.decision }] : [],
  );
  return {
    ...scaleIn,
    memory: remember(recalled, after, now),
    decide: [...victims, ...adoptions],
    takeOut: decided.filter(({ machine: { place } }) => place === 'in-group' || place === 'unsettled'),
    mark: decided.filter(
      ({ machine, decision }) => isToBeMarked(machine) && machine.mark !== markOf(decision),
    ),
    remove: decided.flatMap((each) => {
      const reason = whyRemove(each.machine);
      return reason === undefined ? [] : [{ ...each, reason }];
    }),
    findings: [
      ...findingsOf(world, machines, recalled, rules),
      ...(refused ? [whatOfRefusal(excess, passedOver)] : []),
    ],
    drainsUnderWay: underWay.size,
    counts: {
      ...measure(machines.map(measured), fleet, now, rules.warnAfterMs),
      retained: machines.filter(isLeftToPeople).length,
    },
  };
}

const NOTHING = {
  memory: undefined,
  decide: [],
  takeOut: [],
  mark: [],
  remove: [],
  passedOver: [],
  drainsUnderWay: 0,
  allowance: { kind: 'unknown', reason: 'the machines are not known' },
  held: 'the machines are not known',
} as const satisfies Partial<PoolPlan>;

function isToBeMarked({ place }: PoolMachine): boolean {
  return place === 'leaving-group' || place === 'outside';
}

function measured(machine: SeenMachine) {
  const { place, reading } = machine;
  const isThere = place === 'in-group' || place === 'leaving-group' || place === 'outside';
  return { reading, isExpectedToSpeak: isThere && !isComingUp(machine) };
}

/** Written only where it says something new: a store takes no more than one write each second. */
function remember(recalled: Recalled, memory: PoolMemory, now: number): PoolMemory | undefined {
  switch (recalled.kind) {
    case 'unknown':
      return undefined;
    case 'corrupt':
      // Begun anew, as if something had been decided just now.
      return { ...NO_MEMORY, outside: memory.outside, lastDecisionAt: new Date(now).toISOString() };
    case 'known': {
      const { low, ...before } = recalled.memory;
      const { low: lowNow, ...after } = memory;
      const isSame = JSON.stringify(before) === JSON.stringify(after) && low?.since === lowNow?.since;
      const isSeenAnew = lowNow !== undefined && lowNow.seenAt !== low?.seenAt;
      const isRecent = !isSeenAnew || now - Date.parse(low?.seenAt ?? lowNow.seenAt) < REFRESH_LOW_MS;
      return isSame && isRecent ? undefined : memory;
    }
  }
}
