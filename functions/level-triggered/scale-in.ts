import { type Choice, chooseVictims } from '../../fleet/choose-victims.ts';
import { type Decision, PASSED_OVER_KEPT } from '../../fleet/decision.ts';
import { describeDuration } from '../../fleet/duration.ts';
import type { PoolMachine } from '../../fleet/pool-machine.ts';
import { isRefused } from '../watch/refusal.ts';
import { type Allowance, allowanceOf, lowForMs, lowSince } from './allowance.ts';
import { type Claim, type Decided, newClaims, type PoolMemory, type Recalled } from './memory.ts';
import type { PoolRules, PoolWorld, SeenMachine } from './world.ts';

export interface ScaleInGiven<Machine extends PoolMachine> {
  world: PoolWorld<Machine>;
  rules: PoolRules;
  machines: SeenMachine<Machine>[];
  recalled: Recalled;
  before: PoolMemory;
  claims: Claim[];
  underWay: ReadonlySet<string>;
  createId: () => string;
}

export interface ScaleIn<Machine extends PoolMachine> {
  victims: Decided<Machine>[];
  passedOver: Choice['passedOver'];
  /** Somebody should go, and nobody may. */
  refused: boolean;
  allowance: Allowance;
  /** Why nobody more may be decided now. */
  held: string | undefined;
  memory: PoolMemory;
}

/** Pure: who goes beyond those that are decided. */
export function decideScaleIn<Machine extends PoolMachine>(given: ScaleInGiven<Machine>): ScaleIn<Machine> {
  const { world, rules, machines, recalled, before, claims, underWay, createId } = given;
  const { now } = world;
  const candidates = machines
    .filter(({ place, decided }) => place === 'in-group' && decided.kind === 'none')
    .map((machine) => ({ ...machine, reading: asProtected(machine) }));
  const serving = candidates.filter(
    ({ reading }) => reading.kind === 'fresh' && reading.status.phase === 'serving',
  ).length;
  const allowance = allowanceOf(serving, world.recommendation, rules.minServing);
  const low = lowSince(before.low, allowance, now);
  const memory = { ...before, claims, low: low === 'unchanged' ? before.low : low };
  const held = whyHeld(world, recalled, allowance) ?? whyTooSoon(lowForMs(low, now), allowance, rules);
  if (held !== undefined || allowance.kind === 'unknown')
    return { victims: [], passedOver: [], refused: false, allowance, held, memory };

  const choice = chooseVictims(
    candidates,
    [{ count: allowance.excess }],
    {
      minServing: allowance.floor,
      maxDrains: rules.maxDrains,
      drainsUnderWay: underWay.size,
      coolDownMs: rules.coolDownMs,
      lastDecisionAt: lastDecisionAt(before, machines),
      warmUpMs: rules.warmUpMs,
      unknown: 'only-known',
      currentTemplate: rules.currentTemplate,
      alreadyChosen: new Set(claims.map(({ node }) => node)),
    },
    now,
  );
  const { victims, passedOver } = choice;
  const decisions = victims.flatMap(({ node, reason }): Decided<Machine>[] => {
    const machine = machines.find((each) => each.node === node);
    if (machine === undefined) return [];
    const claim = claims.find((each) => each.machine === machine.machine);
    const decision: Decision = {
      v: 1,
      id: claim?.id ?? createId(),
      node,
      machine: machine.machine,
      pool: rules.pool,
      at: claim?.at ?? new Date(now).toISOString(),
      by: rules.by,
      cause: 'scale-in',
      intent: 'leave',
      reason: `${reason}; ${serving} serve, ${allowance.floor} are enough`,
      passedOver: passedOver.slice(0, PASSED_OVER_KEPT),
      ...(passedOver.length > PASSED_OVER_KEPT
        ? { passedOverMore: passedOver.length - PASSED_OVER_KEPT }
        : {}),
    };
    return [{ machine, decision }];
  });
  const claimed = newClaims(claims, decisions);
  const last = claimed.length > 0 ? { lastDecisionAt: new Date(now).toISOString() } : {};
  return {
    victims: decisions,
    passedOver,
    refused: allowance.excess > 0 && isRefused(choice, underWay.size),
    allowance,
    held,
    memory: { ...memory, ...last, claims: [...claims, ...claimed] },
  };
}

/** Where something is not known that a decision rests on, nobody new is decided. */
function whyHeld(world: PoolWorld, recalled: Recalled, allowance: Allowance): string | undefined {
  const { fleet, decisions } = world;
  if (recalled.kind !== 'known') return `what was decided last is not known: ${recalled.reason}`;
  if (!fleet.complete) return `the registry was not read to its end: ${fleet.problem ?? 'unknown cause'}`;
  if (!decisions.complete)
    return `the decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`;
  if (allowance.kind === 'unknown') return `it is not known how many are wanted: ${allowance.reason}`;
  return undefined;
}

function whyTooSoon(lastedMs: number, allowance: Allowance, rules: PoolRules): string | undefined {
  if (allowance.kind === 'unknown' || allowance.excess === 0 || lastedMs >= rules.lowForMs) return undefined;
  return `too many for ${describeDuration(lastedMs)}: that must last ${describeDuration(rules.lowForMs)}`;
}

/** Of the decisions themselves too: the memory may have been begun anew. */
function lastDecisionAt(before: PoolMemory, machines: readonly SeenMachine[]): number | undefined {
  const times = machines.flatMap(({ decided }) =>
    decided.kind === 'decided' && decided.decision.cause === 'scale-in' ? [decided.decision.at] : [],
  );
  const all = [...times, ...(before.lastDecisionAt === undefined ? [] : [before.lastDecisionAt])];
  return all.length === 0 ? undefined : Math.max(...all.map((at) => Date.parse(at)));
}

/** What is said of a machine on the machine itself counts as what it says of itself. */
function asProtected({ reading, protected: isProtected }: SeenMachine): SeenMachine['reading'] {
  if (!isProtected || reading.kind !== 'fresh') return reading;
  return { ...reading, status: { ...reading.status, protected: true } };
}
