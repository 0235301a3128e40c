import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'mocha';
import { readArguments } from '../../lab/chaos/arguments.ts';
import type { Standing } from '../../lab/chaos/cloud.ts';
import { createDisk } from '../../lab/chaos/disk.ts';
import { createDisturbance } from '../../lab/chaos/disturbance.ts';
import { isAtRest, type NodeNow, wrongAtTheEnd } from '../../lab/chaos/endings.ts';
import type { Happening } from '../../lab/chaos/happening.ts';
import { createInvariants } from '../../lab/chaos/invariants.ts';
import { createMischiefs } from '../../lab/chaos/mischiefs.ts';
import type { VirtualNode } from '../../lab/chaos/node.ts';
import { TESTED } from '../../lab/chaos/runner.ts';
import { shrink } from '../../lab/chaos/shrink.ts';
import { isCommon } from '../../lab/chaos/step.ts';
import { createVirtualTime } from '../../lab/chaos/virtual-time.ts';
import { placeOf } from '../../lab/chaos/which.ts';

describe('virtual time', () => {
  it('brings everything in its order, with all that follows from it first', async () => {
    const time = createVirtualTime(1_000);
    const seen: string[] = [];
    const note = (what: string) => () => seen.push(`${what} ${time.now()}`);
    time.after(20, note('late'));
    time.after(10, note('first'));
    time.after(10, () => {
      // Many promises deep, and before the next thing of the same moment.
      (async () => {
        for (let depth = 0; depth < 50; depth += 1) await undefined;
        note('followed')();
      })();
    });
    time.after(10, note('second'));
    const cancel = time.after(15, note('cancelled'));
    cancel();
    await time.run(1_020, () => false);
    assert.deepEqual(seen, ['first 1010', 'followed 1010', 'second 1010', 'late 1020']);
  });

  it('ends where it is told to, and else stands at the end', async () => {
    const time = createVirtualTime(0);
    for (const at of [5, 3, 9, 1, 7]) time.after(at, () => undefined);
    await time.run(100, () => time.now() >= 5);
    assert.equal(time.now(), 5);
    await time.run(100, () => false);
    assert.equal(time.now(), 100);
  });
});

describe('a disk in memory', () => {
  async function write(
    files: ReturnType<typeof createDisk>['files'],
    steps: readonly string[],
  ): Promise<void> {
    const file = await files.open('new', 'w');
    for (const step of steps) {
      if (step === 'write') await file.writeFile('text');
      if (step === 'sync') await file.sync();
      if (step === 'rename') await files.rename('new', 'state');
      if (step === 'sync directory') await (await files.open('.', 'r')).sync();
    }
  }

  for (const [steps, left] of [
    [['write', 'sync', 'rename', 'sync directory'], 'text'],
    [['write', 'rename', 'sync directory'], ''],
    [['write', 'sync', 'rename'], 'nothing'],
  ] as const) {
    it(`${steps.join(', ')}: ${left === '' ? 'an empty file' : left} after the power was lost`, async () => {
      const disk = createDisk();
      await write(disk.files, steps);
      disk.losePower();
      assert.equal(await disk.files.readFile('state', 'utf8').catch(() => 'nothing'), left);
    });
  }
});

describe('mischief in the network', () => {
  it('hits whom it is meant for, for as long as it says, each so-and-so-many-th call', () => {
    let now = 0;
    const mischiefs = createMischiefs(() => now);
    const base = { at: 0, kind: 'network', way: 'store', mischief: 'lost', forMs: 100 } as const;
    mischiefs.add({ ...base, callers: { node: 1 }, each: 2 });
    const calls = () => [1, 2, 3].map(() => mischiefs.of(1, 'store'));
    assert.deepEqual(calls(), [undefined, 'lost', undefined]);
    assert.equal(mischiefs.of(1, 'api'), undefined);
    assert.equal(mischiefs.of(0, 'store'), undefined);
    assert.equal(mischiefs.of('functions', 'store'), undefined);
    now = 100;
    assert.deepEqual(calls(), [undefined, undefined, undefined]);
    mischiefs.add({ ...base, callers: 'all', each: 1 });
    assert.equal(mischiefs.of('functions', 'store'), 'lost');
  });
});

describe('which node a step means', () => {
  const standing: Standing[] = ['gone', 'in', 'leaving', 'in', 'kept', 'stopped'];
  const nodes = standing.map((each) => ({ node: {} as VirtualNode, standing: each }));
  for (const [which, place] of [
    [0, 0],
    [5, 5],
    [6, undefined],
    [{ decided: 0 }, 2],
    [{ decided: 1 }, 4],
    [{ decided: 2 }, undefined],
  ] as const) {
    it(`${JSON.stringify(which)}: ${place ?? 'none'}`, () => assert.equal(placeOf(which, nodes), place));
  }
});

describe('how long trouble may be felt', () => {
  for (const [given, trouble, feltMs] of [
    ['that lasts', { kind: 'network', forMs: 100 }, 100],
    ['after which something is down', { kind: 'reboot', downMs: 70 }, 70],
    ['of a moment', { kind: 'media-crash' }, 0],
    ['that is armed, and nobody knows when it goes off', { kind: 'kill-agent', downMs: 70 }, 1_000_000],
  ] as const) {
    it(`one ${given}`, () => {
      let now = 5_000_000;
      const disturbance = createDisturbance(() => now);
      assert.equal(disturbance.within(10), false);
      disturbance.note(trouble);
      now += feltMs + 9;
      assert.equal(disturbance.within(10), true);
      now += 1;
      assert.equal(disturbance.within(10), feltMs === 1_000_000);
    });
  }
});

describe('the steps of a cloud', () => {
  for (const [cloud, { faults }] of Object.entries(TESTED)) {
    it(`${cloud}: each kind is either common or its own`, () => {
      assert.deepEqual(faults, [...new Set(faults)]);
      assert.ok(faults.some((kind) => !isCommon({ kind })));
    });

    it(`${cloud}: its schedules are part of the tests`, () =>
      assert.ok(existsSync(new URL(`../e2e/chaos-${cloud}.test.ts`, import.meta.url))));
  }
});

describe('shrinking a schedule', () => {
  for (const needed of [[], [0], [7], [2, 3], [0, 9], [1, 4, 8]]) {
    it(`finds that of ten steps ${needed.length === 0 ? 'none' : needed.join(', ')} are needed`, async () => {
      const all = Array.from({ length: 10 }, (_, place) => place);
      const least = await shrink(all, async (only) => needed.every((place) => only.includes(place)));
      assert.deepEqual(least, needed);
    });
  }
});

describe('what must never happen', () => {
  const node = 'n';
  const wanted = (id: string, unfounded?: string): Happening => ({
    kind: 'wanted',
    node: id,
    chosen: true,
    unfounded,
    decision: `for-${id}`,
    why: '',
  });
  const decidedBy = (id: string, by: string): Happening => ({
    kind: 'agent-says',
    node,
    event: 'drain-decided',
    fields: { decision: { id, by } },
  });
  const decided: Happening = { kind: 'agent-says', node, event: 'drain-decided', fields: {} };
  const signalled = (signal: 'drain' | 'cut', people = 2) => ({
    kind: 'signalled' as const,
    node,
    life: 'l',
    signal,
    people,
  });
  const off = (id: string, people: number, taken = false): Happening => ({
    kind: 'machine-off',
    node: id,
    taken,
    people,
  });
  const empty = (id: string): Happening => ({ kind: 'agent-says', node: id, event: 'empty', fields: {} });

  const rows: { given: string; happens: Happening[]; wrong: RegExp | undefined; cutAfterMs?: number }[] = [
    { given: 'a drain', happens: [wanted('n'), decided, signalled('drain'), off('n', 0)], wrong: undefined },
    {
      given: 'a second signal',
      happens: [signalled('drain'), signalled('drain', 0)],
      wrong: /signalled 2 times/,
    },
    {
      given: 'two signals to one life, of which it did not hear the first, with nobody on it',
      happens: [{ ...signalled('drain', 0), unheard: true }, signalled('drain', 0)],
      wrong: undefined,
    },
    {
      given: 'and with people on it',
      happens: [{ ...signalled('drain'), unheard: true }, signalled('drain')],
      wrong: /signalled 2 times/,
    },
    { given: 'a cut without a ceiling', happens: [decided, signalled('cut')], wrong: /no ceiling says so/ },
    { given: 'a cut at the ceiling', happens: [decided, signalled('cut')], wrong: undefined, cutAfterMs: 1 },
    {
      given: 'a cut before the ceiling',
      happens: [decided, signalled('cut')],
      wrong: /the ceiling is 60000 ms/,
      cutAfterMs: 60_000,
    },
    {
      given: 'an end by a second signal that was no cut',
      happens: [{ kind: 'media-ended', node, life: 'l', how: 'told twice', people: 2 }],
      wrong: /cut off by a second signal/,
    },
    { given: 'a machine that is ended with calls on', happens: [off('n', 2)], wrong: /ended with 2 people/ },
    { given: 'a machine that the cloud takes away', happens: [off('n', 2, true)], wrong: undefined },
    {
      given: 'a machine that is given back with calls on',
      happens: [{ kind: 'released', node, running: ['l'], people: 1 }],
      wrong: /given back with 1 people/,
    },
    { given: 'two drains at once', happens: [wanted('n'), wanted('m')], wrong: /2 nodes drain at once/ },
    {
      given: 'one drain after the other',
      happens: [wanted('n'), off('n', 0), wanted('m')],
      wrong: undefined,
    },
    {
      given: 'a drain beside an empty node',
      happens: [wanted('n'), empty('n'), wanted('m')],
      wrong: undefined,
    },
    {
      given: 'a choice of the unknown',
      happens: [wanted('n', 'nothing was known of it')],
      wrong: /nothing was known of it/,
    },
    {
      given: 'a drain for the decision about it',
      happens: [wanted('n'), decidedBy('for-n', 'pruner')],
      wrong: undefined,
    },
    {
      given: 'a drain for the decision about another',
      happens: [wanted('m'), decidedBy('for-m', 'pruner')],
      wrong: /drains for for-m, which nobody decided about it/,
    },
    {
      given: 'a drain for a reason of its own',
      happens: [decidedBy('own', 'agent')],
      wrong: undefined,
    },
    {
      given: 'a machine that is given back while its media server runs',
      happens: [{ kind: 'released', node, running: ['l'], people: 0 }],
      wrong: /given back while l ran on it/,
    },
    {
      given: 'a machine that is taken out of its group for its decision',
      happens: [wanted('n'), { kind: 'taken-out', node, decided: true }],
      wrong: undefined,
    },
    {
      given: 'a machine that is taken out of its group for nothing',
      happens: [{ kind: 'taken-out', node, decided: false }],
      wrong: /nobody had decided that/,
    },
    {
      given: 'a node that asks to be ended after it said that it is empty',
      happens: [{ kind: 'woken', node, saidEmpty: true }],
      wrong: undefined,
    },
    {
      given: 'a node that asks to be ended before it said that it is empty',
      happens: [{ kind: 'woken', node, saidEmpty: false }],
      wrong: /did not say that it is empty/,
    },
    {
      given: 'a hook that ran out for nothing',
      happens: [{ kind: 'hold-lost', node, disturbed: false }],
      wrong: /was not held/,
    },
    {
      given: 'a hook that ran out in trouble',
      happens: [{ kind: 'hold-lost', node, disturbed: true }],
      wrong: undefined,
    },
  ];
  for (const { given, happens, wrong, cutAfterMs } of rows) {
    it(`${given} is ${wrong === undefined ? 'well' : 'wrong'}`, () => {
      const invariants = createInvariants({ maxDrains: 1, cutAfterMs, warnAfterMs: 60_000 });
      const found = happens.flatMap((happening, index) =>
        invariants.note({ ...happening, at: index * 1_000 }),
      );
      if (wrong === undefined) assert.deepEqual(found, []);
      else assert.match(found.join('; '), wrong);
    });
  }
});

describe('a node in the end', () => {
  const serving: NodeNow = {
    id: 'n',
    standing: 'in',
    on: true,
    durable: { phase: 'serving', decision: null },
    alarms: [],
    drainedByHand: false,
  };
  const draining: NodeNow = {
    ...serving,
    standing: 'leaving',
    durable: { phase: 'draining', decision: null },
  };
  const rows: { given: string; now: NodeNow; cloud?: string[]; wrong: RegExp | undefined }[] = [
    { given: 'that serves', now: serving, wrong: undefined },
    { given: 'that is gone', now: { ...serving, standing: 'gone', on: false }, wrong: undefined },
    { given: 'that is gone and runs on', now: { ...serving, standing: 'gone' }, wrong: /no cloud knows/ },
    { given: 'that drains still', now: draining, wrong: /draining \(leaving\), and nothing tells why/ },
    {
      given: 'that drains still, with an alarm',
      now: { ...draining, alarms: ['drain-stuck'] },
      wrong: undefined,
    },
    {
      given: 'that drains still, with an alarm of the past',
      now: { ...draining, alarms: ['state-lost'] },
      wrong: /why/,
    },
    { given: 'that drains still, as the cloud tells', now: draining, cloud: ['overdue'], wrong: undefined },
    { given: 'whose agent is gone', now: { ...serving, durable: undefined }, wrong: /without an agent/ },
    {
      given: 'whose drain by hand is forgotten',
      now: { ...serving, drainedByHand: true },
      wrong: /is forgotten/,
    },
  ];
  for (const { given, now, cloud = [], wrong } of rows) {
    it(`${given} is ${wrong === undefined ? 'well' : 'wrong'}`, () => {
      const found = wrongAtTheEnd(now, cloud);
      if (wrong === undefined) assert.deepEqual(found, []);
      else assert.match(found.join('; '), wrong);
    });
  }

  it('is at rest when it serves or is gone, and not before', () => {
    assert.deepEqual([serving, draining].map(isAtRest), [true, false]);
  });
});

describe('the arguments of the fault injection', () => {
  const clouds = ['aws'];
  for (const [argv, expected] of [
    [[], { kind: 'runs', cloud: 'aws', runs: 1000, seed: 1, json: false }],
    [['--runs', '5', '--seed', '7', '--json'], { kind: 'runs', cloud: 'aws', runs: 5, seed: 7, json: true }],
    [['--seed', '7', '--only', '3,9'], { kind: 'replay', cloud: 'aws', seed: 7, only: [3, 9] }],
    [['--mutants', '--runs', '50'], { kind: 'mutants', cloud: 'aws', runs: 50, seed: 1, guard: undefined }],
    [
      ['--mutants', '--guard', 'a lost state'],
      { kind: 'mutants', cloud: 'aws', runs: 1000, seed: 1, guard: 'a lost state' },
    ],
  ] as const) {
    it(`takes ${argv.join(' ') || 'nothing'}`, () => {
      assert.deepEqual(readArguments(argv, clouds), { kind: 'go', arguments: expected });
    });
  }

  for (const [argv, problem] of [
    [['--cloud', 'gcp'], /--cloud gcp cannot be put to the test; there is aws/],
    [['--runs', '0'], /--runs 0 must be a whole number from 1 to 1000000/],
    [['--runs', 'many'], /--runs many must be a whole number/],
    [['--seed', '-1'], /seed/],
    [['--only', '1,x'], /--only x must be a whole number/],
    [['--only', '1', '--runs', '3'], /--only replays one schedule/],
    [['--mutants', '--json'], /--json is of no use/],
    [['--guard', 'a lost state'], /--guard chooses among what --mutants takes out/],
    [['--wat'], /Unknown option '--wat'/],
    [['10000'], /Unexpected argument '10000'/],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, () => {
      const read = readArguments(argv, clouds);
      assert.equal(read.kind, 'wrong');
      assert.match(read.kind === 'wrong' ? read.problem : '', problem);
    });
  }
});
