import assert from 'node:assert/strict';
import { CLOUD_NAMES, type CloudName } from '../../lab/cloud/names.ts';
import { epilogue, verdict } from '../../lab/rehearsal/epilogue.ts';
import { median, type Outcome, type RunReport, reportOf, shortcomings } from '../../lab/rehearsal/report.ts';
import { comparison } from '../../lab/rehearsal/table.ts';

const ebbtide: RunReport = {
  cloud: 'aws',
  media: 'twin',
  mode: 'ebbtide',
  scaleIns: { asked: 2, done: 2 },
  rooms: 17,
  participants: 48,
  callsCut: 0,
  callsLost: 0,
  signalMs: [420, 910],
  releaseMs: [1_000, 5_000, 3_000],
  drainMs: [9_000, 15_000],
  nodeSeconds: 7_200,
  nodeSecondsSaved: 900,
  leaked: 0,
  refusedCalls: 0,
};
const control: RunReport = {
  ...ebbtide,
  mode: 'control',
  callsCut: 12,
  signalMs: [],
  drainMs: [],
  releaseMs: [],
  nodeSecondsSaved: 1_800,
};

describe('verdict of a rehearsal', () => {
  const rows: { given: string; runs: RunReport[]; troubles?: string[]; want: RegExp[] }[] = [
    { given: 'a good day', runs: [ebbtide, control], want: [] },
    { given: 'a call cut', runs: [{ ...ebbtide, callsCut: 1 }, control], want: [/1 calls were cut/] },
    { given: 'a call lost', runs: [{ ...ebbtide, callsLost: 2 }, control], want: [/2 calls were lost/] },
    {
      given: 'a machine leaked',
      runs: [{ ...ebbtide, leaked: 1 }, control],
      want: [/1 machines were leaked/],
    },
    {
      given: 'a call refused',
      runs: [{ ...ebbtide, refusedCalls: 3 }, control],
      want: [/3 calls to the cloud/],
    },
    {
      given: 'no scale-in',
      runs: [{ ...ebbtide, scaleIns: { asked: 0, done: 0 }, signalMs: [], drainMs: [] }, control],
      want: [/no machine left/],
    },
    {
      given: 'a scale-in that never ended',
      runs: [{ ...ebbtide, scaleIns: { asked: 2, done: 1 } }, control],
      want: [/only 1 of 2 machines/],
    },
    {
      given: 'a drain without a signal',
      runs: [{ ...ebbtide, signalMs: [1] }, control],
      want: [/without a signal/],
    },
    {
      given: 'a control that cut nothing',
      runs: [ebbtide, { ...control, callsCut: 0 }],
      want: [/proves nothing/],
    },
    { given: 'no control', runs: [ebbtide], want: [/no run in mode control/] },
    {
      given: 'trouble',
      runs: [ebbtide, control],
      troubles: ['i-1 did not boot'],
      want: [/i-1 did not boot/],
    },
  ];
  for (const { given, runs, troubles = [], want } of rows) {
    it(given, () => {
      const found = shortcomings(
        runs,
        troubles.map((text) => ({ mode: 'ebbtide', text })),
      );
      assert.equal(found.length, want.length, found.join('\n'));
      for (const [index, pattern] of want.entries()) assert.match(found[index] ?? '', pattern);
    });
  }

  it('tells first that this machine stood still, where anything went wrong', () => {
    const trouble = [{ mode: 'ebbtide' as const, text: 'Ann heard nothing for 48.2 s' }];
    const [first, second] = shortcomings([ebbtide, control], trouble, 48_200);
    assert.match(first ?? '', /this machine stood still for 48 s: .* Run it again/);
    assert.match(second ?? '', /Ann heard nothing/);
    assert.equal(shortcomings([ebbtide, control], trouble, 4_000).length, 1);
    assert.deepEqual(shortcomings([ebbtide, control], [], 48_200), []);
  });

  it('refusals and leaks of the control are no fault of Ebbtide', () => {
    assert.deepEqual(shortcomings([ebbtide, { ...control, leaked: 1, refusedCalls: 1 }], []), []);
  });
});

function dayOf(cloud: CloudName, cut: number): RunReport[] {
  return [
    { ...ebbtide, cloud },
    { ...control, cloud, callsCut: cut },
  ];
}

/** All lines but the note below. */
function assertAligned(lines: readonly string[]): void {
  assert.equal(new Set(lines.slice(0, -1).map((line) => line.length)).size, 1, lines.join('\n'));
}

describe('report on several clouds', () => {
  const good = (cloud: CloudName): Outcome => ({ cloud, runs: dayOf(cloud, 12), shortcomings: [] });
  const bad: Outcome = { cloud: 'gcp', runs: [], shortcomings: ['the rehearsal failed: no port'] };

  it('is well if every one of them is', () => {
    const { ok, shortcomings, runs } = reportOf([good('aws'), good('gcp')], []);
    assert.deepEqual({ ok, shortcomings, runs: runs.length }, { ok: true, shortcomings: [], runs: 4 });
  });

  for (const outcome of [bad, { ...good('gcp'), shortcomings: ['With Ebbtide 1 calls were cut'] }]) {
    it(`is not where one is not: ${outcome.shortcomings}`, () => {
      const report = reportOf([good('aws'), outcome], []);
      assert.equal(report.ok, false);
      const told = epilogue(report, 1_000);
      assert.match(told, new RegExp(`did not show what it must:\n  - gcp: ${outcome.shortcomings}`));
      assert.match(told, /calls cut/);
      assert.doesNotMatch(told, /No call was cut/);
    });
  }

  it('is not well where nothing was rehearsed', () => assert.equal(reportOf([], []).ok, false));

  it('tells what was cut in all of them, what is not known, and how long it took', () => {
    const leftOut = [{ cloud: 'azure' as const, why: 'there is no python3' }];
    const report = reportOf([good('aws'), good('gcp')], leftOut);
    assert.deepEqual(report.leftOut, leftOut);
    const told = epilogue(report, 247_000);
    assert.match(told, /No call was cut with Ebbtide; without it the same days cut off 24 people/);
    assert.match(told, /Nothing is known of azure: there is no python3\./);
    assert.match(told, /All of it took 4:07 min\./);
  });

  it('tells of each cloud in a line when its day is over', () => {
    assert.equal(verdict(good('aws')), 'aws: no call was cut with Ebbtide, 12 without it');
    assert.equal(verdict(bad), 'gcp: the rehearsal failed: no port');
    const many = ['a', 'b', 'c', 'd', 'e'];
    assert.equal(verdict({ ...bad, shortcomings: many }), 'gcp: a; b; c; and 2 more');
  });
});

describe('table of a rehearsal', () => {
  it('has both runs side by side, in columns that line up', () => {
    const lines = comparison([ebbtide, control]);
    assert.match(lines[0] ?? '', /^ {2}aws +with Ebbtide +without$/);
    assert.match(lines.find((line) => line.includes('calls cut')) ?? '', /0 +12$/);
    assert.match(lines.find((line) => line.includes('signal, median')) ?? '', /0\.67 s +–$/);
    assert.match(lines.find((line) => line.includes('signal, worst')) ?? '', /0\.91 s +–$/);
    assert.match(lines.find((line) => line.includes('gone, median')) ?? '', /3\.00 s +–$/);
    assert.match(lines.find((line) => line.includes('gone, worst')) ?? '', /5\.00 s +–$/);
    assert.match(lines.find((line) => line.includes('node-hours (')) ?? '', /2\.00 +2\.00$/);
    assert.match(lines.find((line) => line.includes('saved')) ?? '', /0\.25 +0\.50$/);
    assertAligned(lines);
  });

  it('has the clouds side by side where there are several, each with its control below', () => {
    const lines = comparison(CLOUD_NAMES.flatMap((cloud, index) => dayOf(cloud, 10 + index)));
    assert.match(lines[0] ?? '', /^ +aws +azure +digitalocean +gcp$/);
    const cut = lines.findIndex((line) => line.includes('calls cut'));
    assert.match(lines[cut] ?? '', /0 +0 +0 +0$/);
    assert.match(lines[cut + 1] ?? '', /without Ebbtide +10 +11 +12 +13$/);
    const saved = lines.findIndex((line) => line.includes('saved'));
    assert.match(lines[saved] ?? '', /0\.25 +0\.25 +0\.25 +0\.25$/);
    assert.match(lines[saved + 1] ?? '', /without Ebbtide +0\.50 +0\.50 +0\.50 +0\.50$/);
    assertAligned(lines);
  });

  it('fits into 80 columns', () => {
    const long = {
      scaleIns: { asked: 10, done: 10 },
      signalMs: [123_450],
      drainMs: [123_450],
      nodeSeconds: 99_999,
    };
    const runs = CLOUD_NAMES.flatMap((cloud) => dayOf(cloud, 1_000)).map((run) => ({ ...run, ...long }));
    for (const lines of [comparison(runs), comparison(dayOf('digitalocean', 1_000))])
      for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
  });

  it('takes the middle of two as the median of an even number', () => {
    assert.equal(median([3, 1]), 2);
    assert.equal(median([5, 1, 3]), 3);
    assert.equal(median([]), undefined);
  });
});
