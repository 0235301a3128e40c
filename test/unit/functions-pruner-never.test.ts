import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Place } from '../../fleet/pool-machine.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import type { PoolWorld } from '../../functions/level-triggered/world.ts';
import { fresh } from './support/fleet.ts';
import {
  busy,
  decisionAbout,
  emptied,
  type Given,
  plan,
  recommends,
  said,
  worldOf,
} from './support/planned-pool.ts';

describe('what a run of a pool does', () => {
  describe('never, whatever the world', () => {
    const anyReading = fc.constantFrom<(node: string) => NodeReading>(
      (node) => fresh(node),
      (node) => busy(node, 2),
      (node) => fresh(node, { phase: 'draining', machine: `id-${node}`, decision: said(node) }),
      (node) => emptied(node),
      (node) => emptied(node, 'leaving'),
      (node) => fresh(node, { phase: 'empty', machine: `id-${node}` }),
      (node) => fresh(node, { work: null, unknown: 'x' }),
      (node) => fresh(node, { machine: 'older' }),
      () => ({ kind: 'stale', ageMs: 90_000 }),
      () => ({ kind: 'missing' }),
      () => ({ kind: 'unreadable', reason: 'x' }),
    );
    const anyGiven = fc.record({
      place: fc.constantFrom<Place>(
        'in-group',
        'in-group',
        'unsettled',
        'leaving-group',
        'outside',
        'paused',
        'stopped',
        'stopped-unknown-since',
        'ending',
      ),
      reading: anyReading,
      decision: fc.constantFrom('none', 'none', 'its own', 'an earlier', 'unreadable'),
      protected: fc.boolean(),
    });
    const anyWorld = fc.record({
      given: fc.array(anyGiven, { maxLength: 8 }),
      size: fc.nat(4),
      known: fc.boolean(),
      complete: fc.boolean(),
      maxDrains: fc.integer({ min: 1, max: 3 }),
    });
    type AnyWorld = typeof anyWorld extends fc.Arbitrary<infer World> ? World : never;

    function made({ given, size, known, complete }: AnyWorld): PoolWorld {
      const nodes = given.map(({ place, reading, decision, ...rest }, index): [string, Given] => {
        const node = `n${index}`;
        const about =
          decision === 'none'
            ? {}
            : decision === 'unreadable'
              ? { decision: 'unreadable' as const }
              : { decision: decisionAbout(node, decision === 'its own' ? {} : { machine: 'older' }) };
        return [node, { place, reading: reading(node), ...rest, ...about }];
      });
      const world = worldOf(Object.fromEntries(nodes), {
        recommendation: known ? recommends(size) : { kind: 'unknown', reason: 'x', trouble: 'unread' },
      });
      return complete ? world : { ...world, fleet: { ...world.fleet, complete: false, problem: '503' } };
    }

    it('more drains than allowed, a victim that is not known to serve, or fewer than are wanted', () => {
      fc.assert(
        fc.property(anyWorld, (any) => {
          const world = made(any);
          const { decide, drainsUnderWay } = plan(world, { maxDrains: any.maxDrains });
          const victims = decide.filter(({ machine }) => machine.place === 'in-group');
          assert.ok(victims.length <= Math.max(0, any.maxDrains - drainsUnderWay));
          if (!any.known || any.size === 0 || !any.complete) assert.deepEqual(victims, []);
          const serving = any.given.filter((each, index) => {
            const reading = each.reading(`n${index}`);
            const own = each.decision === 'none' || each.decision === 'an earlier';
            return (
              each.place === 'in-group' &&
              own &&
              reading.kind === 'fresh' &&
              reading.status.phase === 'serving' &&
              reading.status.machine !== 'older'
            );
          });
          if (victims.length > 0) assert.ok(serving.length - victims.length >= any.size);
          for (const { machine } of victims) {
            const reading = world.fleet.nodes.get(machine.node);
            assert.ok(reading?.kind === 'fresh' && reading.status.phase === 'serving');
            assert.ok(reading.status.work !== null && !machine.protected);
          }
        }),
      );
    });

    it('deletes a machine that is not decided, not outside, protected, or not freshly empty by that decision', () => {
      fc.assert(
        fc.property(anyWorld, (any) => {
          const world = made(any);
          for (const { machine } of plan(world).remove) {
            const given = any.given[Number(machine.node.slice(1))];
            assert.equal(given?.decision, 'its own');
            assert.equal(machine.protected, false);
            if (machine.place === 'stopped') continue;
            assert.equal(machine.place, 'outside');
            const reading = world.fleet.nodes.get(machine.node);
            assert.ok(reading?.kind === 'fresh');
            assert.equal(reading.status.machine, machine.machine);
            assert.equal(reading.status.decision?.id, `d-${machine.node}`);
            assert.ok(['empty', 'leaving'].includes(reading.status.phase));
          }
        }),
      );
    });

    it('takes out or marks what is not decided', () => {
      fc.assert(
        fc.property(anyWorld, (any) => {
          const { takeOut, mark } = plan(made(any));
          for (const { machine } of [...takeOut, ...mark])
            assert.equal(any.given[Number(machine.node.slice(1))]?.decision, 'its own');
        }),
      );
    });
  });
});
