import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PoolMemory } from '../../functions/level-triggered/memory.ts';
import { ago, fresh, statusOf } from './support/fleet.ts';
import {
  type Changed,
  decided,
  decisionAbout,
  emptied,
  type Given,
  LOW_FOR_LONG,
  nodesOf,
  plan,
  recommends,
  said,
  saidAgo,
  THREE,
  worldOf,
} from './support/planned-pool.ts';

describe('what a run of a pool does, level by level', () => {
  describe('what an earlier run left half-done', () => {
    it('decided and in its group still: is taken out, whatever is recommended now', () => {
      for (const recommendation of [
        recommends(9),
        { kind: 'unknown', reason: 'x', trouble: 'unread' } as const,
      ]) {
        for (const place of ['in-group', 'unsettled'] as const) {
          const world = worldOf({ a: { place, decision: decisionAbout('a') } }, { recommendation });
          assert.deepEqual(nodesOf(plan(world).takeOut), ['a']);
        }
      }
    });

    it('on its way out, or being ended: is not taken out again', () => {
      for (const place of ['leaving-group', 'outside', 'stopped', 'ending'] as const) {
        assert.deepEqual(plan(worldOf({ a: { place, decision: decisionAbout('a') } })).takeOut, []);
      }
    });

    it('taken out and not marked: is marked', () => {
      const rows: [Given, string[]][] = [
        [{ place: 'outside', decision: decisionAbout('a') }, ['a']],
        [{ place: 'leaving-group', decision: decisionAbout('a') }, ['a']],
        [{ place: 'outside', decision: decisionAbout('a'), mark: 'd-a' }, []],
        [{ place: 'outside', decision: decisionAbout('a', { id: 'D-A' }), mark: 'd-a' }, []],
        [{ place: 'in-group', decision: decisionAbout('a') }, []],
        [{ place: 'outside' }, []],
      ];
      for (const [given, expected] of rows)
        assert.deepEqual(nodesOf(plan(worldOf({ a: given })).mark), expected);
    });

    it('claimed and not decided: the same with the same id, though it cools down', () => {
      const claims = [{ node: 'a', machine: 'id-a', id: 'claimed', at: ago(20) }];
      const memory = { low: LOW_FOR_LONG, lastDecisionAt: ago(20), claims };
      const { decide } = plan(worldOf(THREE, { recommendation: recommends(2), memory }));
      assert.deepEqual(
        decide.map(({ decision }) => [decision.node, decision.id, decision.at]),
        [['a', 'claimed', ago(20)]],
      );
    });

    it('a claim is over once it is decided, its machine is gone, or its run is long dead', () => {
      const claim = { node: 'a', machine: 'id-a', id: 'claimed', at: ago(20) };
      const rows: [Record<string, Given>, PoolMemory['claims'], number][] = [
        [THREE, [claim], 1],
        [{ ...THREE, a: { decision: decisionAbout('a') } }, [claim], 0],
        [{ b: {} }, [claim], 0],
        [{ a: { machine: 'another' } }, [claim], 0],
        [THREE, [{ ...claim, at: ago(300) }], 0],
      ];
      for (const [nodes, claims, left] of rows) {
        const world = worldOf(nodes, { recommendation: recommends(9), memory: { claims } });
        const { memory, drainsUnderWay } = plan(world);
        assert.equal(memory === undefined ? claims.length : memory.claims.length, left);
        if (left > 0) assert.equal(drainsUnderWay, 1);
      }
    });
  });

  describe('a machine that is out of its group without a decision', () => {
    const since = (seconds: number) => ({ outside: [{ node: 'a', machine: 'id-a', since: ago(seconds) }] });
    const rows: [string, Given, Partial<PoolMemory>, string[]][] = [
      ['is left at first sight: the lists may be of two moments', {}, {}, []],
      ['and while it is not long', {}, since(60), []],
      ['is taken for a wish once it has lasted', {}, since(90), ['a']],
      ['another of its name has not lasted', { machine: 'another' }, since(90), []],
      ['stays where it is protected', { protected: true }, since(90), []],
      ['stays where it says so itself', { reading: fresh('a', { protected: true }) }, since(90), []],
      ['stays where its decision cannot be read', { decision: 'unreadable' }, since(90), []],
      ['stays where it is stopped', { place: 'stopped' }, since(90), []],
      ['goes at once where it carries the mark', { mark: 'lost' }, {}, ['a']],
      [
        'not where the mark is of a decision about an earlier machine',
        { mark: 'd-a', decision: decisionAbout('a', { machine: 'older' }) },
        {},
        [],
      ],
    ];
    for (const [then, given, memory, expected] of rows) {
      it(then, () => {
        const world = worldOf({ a: { place: 'outside', ...given } }, { memory });
        assert.deepEqual(decided(world), expected);
      });
    }

    it('counts as kept, for an alarm, where no run will ever end it', () => {
      const rows: [Given, number][] = [
        [{ place: 'outside', protected: true }, 1],
        [{ place: 'outside' }, 0],
        [{ place: 'stopped' }, 1],
        [{ place: 'stopped', protected: true, decision: decisionAbout('a') }, 1],
        [{ place: 'stopped', decision: decisionAbout('a') }, 0],
        [{ place: 'in-group', protected: true }, 0],
      ];
      for (const [given, kept] of rows) assert.equal(plan(worldOf({ a: given })).counts.retained, kept);
    });

    it('keeps the id of a decision that was lost', () => {
      const ofMark = plan(worldOf({ a: { place: 'outside', mark: 'lost' } }));
      assert.equal(ofMark.decide[0]?.decision.id, 'lost');
      const ofNode = plan(worldOf({ a: { place: 'outside', reading: emptied('a') } }));
      assert.equal(ofNode.decide[0]?.decision.id, 'd-a');
    });

    it('is not given the id of a decision about an earlier machine, whose mark it got', () => {
      const given: Given = {
        place: 'outside',
        mark: 'd-a',
        decision: decisionAbout('a', { machine: 'older' }),
      };
      const { decision } = plan(worldOf({ a: given }, { memory: since(90) })).decide[0] ?? assert.fail();
      assert.notEqual(decision.id, 'd-a');
      assert.deepEqual([decision.cause, decision.machine], ['operator', 'id-a']);
    });

    it('is claimed before it is decided, so that two runs give it one id', () => {
      const { memory } = plan(worldOf({ a: { place: 'outside' } }, { memory: since(90) }));
      assert.deepEqual(
        memory?.claims.map(({ machine }) => machine),
        ['id-a'],
      );
      const again = plan(worldOf({ a: { place: 'outside' } }, { memory: memory ?? {} }));
      assert.equal(again.decide[0]?.decision.id, memory?.claims[0]?.id);
    });

    it('is adopted by a cause of its own: a person', () => {
      const { decide } = plan(worldOf({ a: { place: 'outside' } }, { memory: since(90) }));
      const { by, cause, intent, machine } = decide[0]?.decision ?? decisionAbout('none');
      assert.deepEqual([by, cause, intent, machine], ['pruner', 'operator', 'leave', 'id-a']);
    });
  });

  describe('deletes', () => {
    const good: Given = { place: 'outside', reading: emptied('a'), decision: decisionAbout('a') };
    const status = (changed: Parameters<typeof fresh>[1]): Given => ({
      ...good,
      reading: fresh('a', { phase: 'empty', machine: 'id-a', decision: said('a'), ...changed }),
    });
    const rows: [string, Given, boolean][] = [
      ['what is decided, outside, and freshly empty', good, true],
      ['what is leaving, and says so', { ...good, reading: emptied('a', 'leaving') }, true],
      [
        'not for a word that may be of before a boot',
        { ...good, reading: saidAgo(emptied('a'), 12_001) },
        false,
      ],
      [
        'what is decided, and has been stopped',
        { ...good, place: 'stopped', reading: { kind: 'missing' } },
        true,
      ],
      ['not what was stopped without a decision', { place: 'stopped' }, false],
      ['not what may have been stopped just now', { ...good, place: 'stopped-unknown-since' }, false],
      ['not in its group', { ...good, place: 'in-group' }, false],
      ['not on its way out of it', { ...good, place: 'leaving-group' }, false],
      ['not what the group is doing something with', { ...good, place: 'unsettled' }, false],
      ['not what is being ended', { ...good, place: 'ending' }, false],
      ['not what may start again', { ...good, place: 'paused' }, false],
      ['not without a decision', { place: 'outside', reading: emptied('a') }, false],
      [
        'not by a decision about an earlier machine',
        { ...good, decision: decisionAbout('a', { machine: 'older' }) },
        false,
      ],
      [
        'not by a decision that names no machine',
        { ...good, decision: { ...decisionAbout('a'), machine: undefined } },
        false,
      ],
      [
        'not by a decision to maintain it',
        { ...good, decision: decisionAbout('a', { intent: 'maintenance' }) },
        false,
      ],
      ['not by a decision that cannot be read', { ...good, decision: 'unreadable' }, false],
      ['not empty by another decision', status({ decision: { ...said('a'), id: 'other' } }), false],
      ['not empty by none', status({ decision: undefined }), false],
      ['not by the words of an earlier machine', status({ machine: 'older' }), false],
      ['not by words that do not say which machine', status({ machine: undefined }), false],
      ['not draining', status({ phase: 'draining' }), false],
      ['not serving', status({ phase: 'serving' }), false],
      ['not with a room on it', status({ work: { rooms: 1 } }), false],
      ['not with a recording on it', status({ work: { egress: 1 } }), false],
      ['not with unknown work', status({ work: null }), false],
      ['not protected', { ...good, protected: true }, false],
      ['not protected by its own words', status({ protected: true }), false],
      [
        'not stale',
        { ...good, reading: { kind: 'stale', ageMs: 61_000, last: statusOf('a', { phase: 'empty' }) } },
        false,
      ],
      ['not silent', { ...good, reading: { kind: 'missing' } }, false],
      ['not unreadable', { ...good, reading: { kind: 'unreadable', reason: 'x' } }, false],
    ];
    for (const [then, given, expected] of rows) {
      it(then, () => {
        const { remove } = plan(worldOf({ a: given }));
        assert.deepEqual(nodesOf(remove), expected ? ['a'] : []);
      });
    }

    it('what is empty, though nothing else is known', () => {
      const changed: Changed = {
        recommendation: { kind: 'unknown', reason: 'x', trouble: 'unread' },
        memory: { kind: 'unknown', reason: 'x' },
      };
      assert.deepEqual(nodesOf(plan(worldOf({ a: good }, changed)).remove), ['a']);
    });
  });

  it('a drain that has been silent for an hour holds up no others', () => {
    const silent = (ageMs: number): Given => ({
      place: 'outside',
      decision: decisionAbout('d', { at: ago(9000) }),
      reading: { kind: 'stale', ageMs },
    });
    const changed = { recommendation: recommends(1) };
    assert.deepEqual(decided(worldOf({ ...THREE, d: silent(3_600_000) }, changed), { maxDrains: 1 }), []);
    assert.deepEqual(decided(worldOf({ ...THREE, d: silent(3_600_001) }, changed), { maxDrains: 1 }), ['b']);
  });
});
