import type { Decision } from '../../../fleet/decision.ts';
import type { Place, PoolMachine } from '../../../fleet/pool-machine.ts';
import type { DecisionReading, NodeReading } from '../../../fleet/registry.ts';
import type { PoolMemory } from '../../../functions/level-triggered/memory.ts';
import { type PoolPlan, planPool } from '../../../functions/level-triggered/plan.ts';
import type {
  PoolRules,
  PoolWorld,
  RecommendationReading,
} from '../../../functions/level-triggered/world.ts';
import { ago, fleetOf, fresh, NOW, statusOf } from './fleet.ts';

const RULES: PoolRules = {
  pool: 'media',
  by: 'pruner',
  minServing: 1,
  maxDrains: 2,
  coolDownMs: 60_000,
  warmUpMs: 120_000,
  lowForMs: 300_000,
  warnAfterMs: 3_600_000,
};
export const LOW_FOR_LONG = { since: ago(600), seenAt: ago(60) };

export function decisionAbout(node: string, changed: Partial<Decision> = {}): Decision {
  return {
    v: 1,
    id: `d-${node}`,
    node,
    machine: `id-${node}`,
    pool: 'media',
    at: ago(600),
    by: 'pruner',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'x',
    ...changed,
  };
}

export interface Given {
  place?: Place;
  reading?: NodeReading;
  decision?: Decision | 'unreadable';
  protected?: boolean;
  mark?: string;
  machine?: string;
  ageMs?: number;
}

export const said = (node: string) => ({ ...decisionAbout(node), deadline: undefined });
/** Freshly empty, for the decision about it. */
export const emptied = (node: string, phase: 'empty' | 'leaving' = 'empty'): NodeReading =>
  fresh(node, { phase, machine: `id-${node}`, decision: said(node) });

export const saidAgo = (reading: NodeReading, ageMs: number): NodeReading =>
  reading.kind === 'fresh' ? { ...reading, ageMs } : reading;

export interface Changed extends Partial<Omit<PoolWorld, 'machines' | 'memory'>> {
  machines?: PoolWorld['machines'];
  memory?: Partial<PoolMemory> | PoolWorld['memory'];
}

export const recommends = (size: number, minimum = 1) =>
  ({ kind: 'known', size, minimum }) as const satisfies RecommendationReading;

export function worldOf(nodes: Record<string, Given>, changed: Changed = {}): PoolWorld {
  const entries = Object.entries(nodes);
  const machines = entries.map(
    ([node, given]): PoolMachine => ({
      node,
      machine: given.machine ?? `id-${node}`,
      zone: 'a',
      place: given.place ?? 'in-group',
      state: 'RUNNING',
      protected: given.protected ?? false,
      mark: given.mark,
      ageMs: given.ageMs,
    }),
  );
  const decisions = entries.flatMap(([node, { decision }]): [string, DecisionReading][] => {
    if (decision === undefined) return [];
    if (decision === 'unreadable') return [[node, { kind: 'unknown', reason: 'not JSON' }]];
    return [[node, { kind: 'decided', decision }]];
  });
  const { memory = { low: LOW_FOR_LONG }, ...rest } = changed;
  return {
    machines: { kind: 'known', machines },
    recommendation: recommends(1),
    fleet: fleetOf(Object.fromEntries(entries.map(([node, { reading }]) => [node, reading ?? fresh(node)]))),
    decisions: { decisions: new Map(decisions), complete: true },
    now: NOW,
    ...rest,
    memory:
      'kind' in memory
        ? memory
        : { kind: 'found', memory: { v: 1, claims: [], outside: [], ...memory } satisfies PoolMemory },
  };
}

let ids = 0;
export const plan = (world: PoolWorld, rules: Partial<PoolRules> = {}) =>
  planPool(world, { ...RULES, ...rules }, () => `new-${++ids}`);
export const nodesOf = (steps: readonly { machine: PoolMachine }[]) =>
  steps.map(({ machine }) => machine.node);
export const decided = (world: PoolWorld, rules: Partial<PoolRules> = {}) =>
  nodesOf(plan(world, rules).decide);
export const found = (given: PoolPlan) =>
  given.findings.map(({ name, node }) => (node === undefined ? name : `${name} ${node}`));

export const silent = (node: string, people: number): NodeReading => ({
  kind: 'stale',
  ageMs: 90_000,
  last: statusOf(node, { machine: `id-${node}`, work: { rooms: 1, people } }),
});
export const busy = (node: string, rooms: number) => fresh(node, { work: { rooms, people: rooms * 2 } });
export const THREE = {
  a: { reading: busy('a', 3) },
  b: { reading: busy('b', 1) },
  c: { reading: busy('c', 2) },
};
