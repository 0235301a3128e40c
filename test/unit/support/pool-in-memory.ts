import type { Pool, Replacement } from '../../../cli/pool.ts';
import type { Decision } from '../../../fleet/decision.ts';
import type { PoolAddress } from '../../../fleet/pool-address.ts';
import type { DecisionReading } from '../../../fleet/registry.ts';
import type { NodeStatus } from '../../../fleet/status.ts';
import { poolAddress } from '../../support/pool-address.ts';
import { ago, fleetOf, fresh } from './fleet.ts';
import { createMemoryStore } from './memory-store.ts';

/** A pool in memory. Whoever is asked drains for as many looks as he has rooms, and is then gone. */
export class PoolInMemory implements Pool {
  readonly address: PoolAddress;
  readonly rooms = new Map<string, number>();
  readonly changed = new Map<string, Partial<Omit<NodeStatus, 'work'>>>();
  readonly decisions = new Map<string, Decision>();
  readonly protected = new Set<string>();
  /** Of whom nothing is known. */
  readonly silent = new Set<string>();
  /** Whose decisions make no sense. */
  readonly garbled = new Set<string>();
  readonly store = createMemoryStore();
  mostAtOnce = 0;
  refusals = 0;
  /** Looks that fail, counted from 1. */
  readonly unreadable = new Set<number>();
  looks = 0;
  /** Of the one that was asked last. */
  replacement: Replacement | undefined;
  /** Whether another comes for each that leaves at its operator's wish, and serves at the next look. */
  replaces = false;
  /** What is said of whoever comes so. */
  replacedBy: Partial<Omit<NodeStatus, 'work'>> = {};

  constructor(rules: Partial<PoolAddress['rules']> = {}) {
    this.address = poolAddress('digitalocean', rules);
  }

  add(node: string, rooms: number, changed: Partial<Omit<NodeStatus, 'work'>> = {}): void {
    this.rooms.set(node, rooms);
    this.changed.set(node, changed);
  }

  async machines() {
    this.looks += 1;
    if (this.looks > 100) throw new Error('it has been looked at 100 times');
    if (this.unreadable.has(this.looks)) throw new Error('HTTP 500');
    this.mostAtOnce = Math.max(this.mostAtOnce, this.decisions.size);
    return [...this.rooms.keys()].map((node) => ({
      node,
      machine: `id-${node}`,
      zone: 'fra1',
      place: 'in-group' as const,
      state: 'active',
      protected: this.protected.has(node),
    }));
  }

  readonly registry = {
    readFleet: async () => {
      const nodes = [...this.rooms].filter(([node]) => !this.silent.has(node));
      return fleetOf(
        Object.fromEntries(
          nodes.map(([node, rooms]) => {
            const phase = this.decisions.has(node) ? 'draining' : 'serving';
            const changed = this.changed.get(node) ?? {};
            return [node, fresh(node, { phase, since: ago(9), ...changed, work: { rooms, people: rooms } })];
          }),
        ),
      );
    },
    readDecisions: async () => {
      const decisions = new Map<string, DecisionReading>([
        ...[...this.decisions].map(([node, decision]) => [node, { kind: 'decided', decision }] as const),
        ...[...this.garbled].map((node) => [node, { kind: 'unknown', reason: 'no JSON' }] as const),
      ]);
      this.pass();
      return { decisions, complete: true };
    },
    readDecision: async (node: string) => {
      const decision = this.kept.get(node);
      return decision === undefined ? { kind: 'none' as const } : { kind: 'decided' as const, decision };
    },
  };

  /** Of nodes that are gone: their decisions are kept. */
  readonly kept = new Map<string, Decision>();

  /** A look later. */
  private pass(): void {
    for (const node of [...this.decisions.keys()]) {
      const left = (this.rooms.get(node) ?? 0) - 1;
      if (left >= 0) this.rooms.set(node, left);
      else {
        const decision = this.decisions.get(node);
        if (decision !== undefined) this.kept.set(node, decision);
        this.rooms.delete(node);
        this.decisions.delete(node);
      }
    }
  }

  async leave({ node }: { node: string }, decision: Decision, replacement: Replacement): Promise<undefined> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('HTTP 403');
    }
    this.replacement = replacement;
    this.decisions.set(node, decision);
    if (this.replaces) this.add(`${node}-new`, 0, this.replacedBy);
    return undefined;
  }
}
