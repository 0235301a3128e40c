import type { Decision } from '../../../fleet/decision.ts';
import { type DropletMachine, offSince } from '../../../fleet/digitalocean/pool-machines.ts';
import { poolTag } from '../../../fleet/digitalocean/tags.ts';
import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import { describeDuration } from '../../../fleet/duration.ts';
import { type Growth, growthOf } from '../../level-triggered/growth.ts';
import { recommendationByLoad, wantedSize } from '../../level-triggered/load-needed.ts';
import type { Decided } from '../../level-triggered/memory.ts';
import {
  NO_NURSERY,
  type Nursery,
  neverCameUp,
  openBirths,
  unseenBirths,
} from '../../level-triggered/newborns.ts';
import { type PoolPlan, planPool } from '../../level-triggered/plan.ts';
import { type PoolRules, type SeenMachine, see } from '../../level-triggered/world.ts';
import { findingsOfDroplets } from './findings.ts';
import type { Turn } from './turn.ts';
import type { OrchestratorWorld } from './world.ts';

/** What a run does, each step safe to repeat but for births, which are written down before they are asked for. */
export interface OrchestratorPlan extends PoolPlan<DropletMachine> {
  /** undefined where it needs no writing. */
  nursery: Nursery | undefined;
  /** The names of droplets to make: all of them are in `nursery`. */
  births: string[];
  /** They lack the pool's tag. */
  untagged: DropletMachine[];
  /** Decided, never come up, and silent still: looked at once more before they are deleted. */
  removeUnborn: (Decided<DropletMachine> & { reason: string })[];
}

export interface Chance {
  createId: () => string;
  createName: () => string;
}

/** Pure: from the world as it is, whatever an earlier run has left half-done. */
export function planDroplets(
  world: OrchestratorWorld,
  settings: OrchestratorSettings,
  { createId, createName }: Chance,
): OrchestratorPlan {
  const { nursery, now, turn } = world;
  const rules: PoolRules = { ...settings, by: 'orchestrator', minServing: settings.min };
  const machines = world.machines.kind === 'known' ? see(world.machines.machines, world) : [];
  const births = nursery.kind === 'known' ? nursery.nursery.births : [];
  const silent = machines.filter((machine) => neverCameUp(machine, births, world, settings.bootTimeoutMs));
  const late = settings.mayServeUnheard ? [] : silent;
  // They carry nothing, and are decided now.
  const able = machines.filter((machine) => !late.includes(machine));
  const recommendation = recommendationByLoad(able, settings);
  const pool = planPool({ ...world, recommendation }, rules, createId);
  const stuck = stuckInBooting(machines, settings).slice(0, roomForDrains(pool, settings));
  const growth = mayGrow(world) ? growthOfPool(machines, world, settings) : NO_GROWTH;
  const names = newNames(Math.min(growth.count, BIRTHS_AT_ONCE), createName, [...machines, ...births]);
  const plan: OrchestratorPlan = {
    ...pool,
    decide: [...pool.decide, ...replacements([...late, ...stuck], pool.decide, settings, now, createId)],
    untagged: machines.filter(({ untagged }) => untagged),
    nursery: nurseryAfter(machines, names, world),
    births: names,
    removeUnborn: late.flatMap(unborn),
    findings: [...pool.findings, ...findingsOfDroplets({ machines, silent, stuck, growth, world, settings })],
  };
  return turn.kind === 'mine' ? plan : { ...plan, ...NOBODY, held: describeTurn(turn) };
}

/** Where another run may be at it, nobody is decided and nobody made. What is decided goes on: that is safe to repeat. */
const NOBODY = {
  memory: undefined,
  decide: [],
  nursery: undefined,
  births: [],
  removeUnborn: [],
  passedOver: [],
} as const satisfies Partial<OrchestratorPlan>;

const NO_GROWTH: Growth = { count: 0, short: 0, crowded: 0 };

/** As many as are made within a run's time, and within what DigitalOcean takes in a minute. The next run makes more. */
const BIRTHS_AT_ONCE = 40;

/** It speaks, and serves nobody: so long it was given to begin to speak, and again to begin to serve. */
function stuckInBooting(machines: readonly Seen[], { bootTimeoutMs }: OrchestratorSettings): Seen[] {
  return machines.filter(
    ({ place, reading, decided, ageMs, protected: isProtected }) =>
      place === 'in-group' &&
      decided.kind === 'none' &&
      reading.kind === 'fresh' &&
      reading.status.phase === 'booting' &&
      !isProtected &&
      !reading.status.protected &&
      ageMs >= 2 * bootTimeoutMs,
  );
}

/** They drain as others do: nobody knows that they carry nothing. */
function roomForDrains(
  { drainsUnderWay, decide }: PoolPlan<DropletMachine>,
  { maxDrains }: OrchestratorSettings,
): number {
  return Math.max(0, maxDrains - drainsUnderWay - decide.length);
}

function describeTurn(turn: Exclude<Turn, { kind: 'mine' }>): string {
  if (turn.kind === 'taken') return `another run (${turn.by}) is at it`;
  return `it is not known whether another run is at it: ${turn.reason}`;
}

/** What could not be read may hide machines and their load: nothing is made for that. */
function mayGrow({ machines, fleet, decisions, nursery }: OrchestratorWorld): boolean {
  return machines.kind === 'known' && fleet.complete && decisions.complete && nursery.kind === 'known';
}

type Seen = SeenMachine<DropletMachine>;

function growthOfPool(
  machines: readonly Seen[],
  { nursery, account, now }: OrchestratorWorld,
  settings: OrchestratorSettings,
): Growth {
  if (nursery.kind !== 'known') return NO_GROWTH;
  const { max, maxDrains, initial = 0, bootTimeoutMs } = settings;
  const unseen = unseenBirths(nursery.nursery.births, machines, now).length;
  const isNew = nursery.first && machines.length === 0;
  const min = Math.max(settings.min, isNew ? Math.min(initial, max) : 0);
  const wanted = wantedSize(machines, { ...settings, min });
  return growthOf({ machines, unseen, wanted, min, max, maxDrains, bootTimeoutMs, account });
}

function newNames(count: number, createName: () => string, known: readonly { node: string }[]): string[] {
  const taken = new Set(known.map(({ node }) => node));
  const drawn = Array.from({ length: count }, createName);
  return [...new Set(drawn)].filter((name) => !taken.has(name));
}

function replacements(
  late: readonly Seen[],
  decided: readonly Decided<DropletMachine>[],
  { pool, bootTimeoutMs }: OrchestratorSettings,
  now: number,
  createId: () => string,
): Decided<DropletMachine>[] {
  const already = new Set(decided.map(({ machine }) => machine.machine));
  return late
    .filter((seen) => seen.decided.kind === 'none' && !already.has(seen.machine))
    .map((machine) => {
      const { node, ageMs, reading } = machine;
      const due = describeDuration(bootTimeoutMs);
      const since = `it is there for ${describeDuration(ageMs)}`;
      const decision: Decision = {
        v: 1,
        id: createId(),
        node,
        machine: machine.machine,
        pool,
        at: new Date(now).toISOString(),
        by: 'orchestrator',
        cause: 'replacement',
        intent: 'leave',
        reason:
          reading.kind === 'fresh'
            ? `${since}, and still ${reading.status.phase}: that takes twice ${due} at most`
            : `${since}, and has never said a word: that takes ${due} at most`,
      };
      return { machine, decision };
    });
}

function unborn(machine: Seen): (Decided<Seen> & { reason: string })[] {
  const { decided } = machine;
  // Whoever decided it: since then it is refused when it announces itself.
  if (decided.kind !== 'decided') return [];
  return [{ machine, decision: decided.decision, reason: `it never came up (${decided.decision.id})` }];
}

/** undefined where it says nothing new. */
function nurseryAfter(
  machines: readonly Seen[],
  names: readonly string[],
  world: OrchestratorWorld,
): Nursery | undefined {
  const { nursery, now } = world;
  if (nursery.kind === 'unknown' || world.machines.kind !== 'known') return undefined;
  const before = nursery.kind === 'known' ? nursery.nursery : NO_NURSERY;
  const at = new Date(now).toISOString();
  const after: Nursery = {
    v: 1,
    births: [...openBirths(before.births, machines, world), ...names.map((node) => ({ node, at }))],
    off: offSince(machines, before.off, now),
  };
  const isSame = nursery.kind === 'known' && JSON.stringify(before) === JSON.stringify(after);
  return isSame ? undefined : after;
}

/** A droplet's name, and its node's for ever: it is random, and so is never used again. */
export function createNodeName(pool: string, random: () => number): string {
  const digits = Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36));
  return `${poolTag(pool)}-${digits.join('')}`;
}
