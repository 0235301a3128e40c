import assert from 'node:assert/strict';
import { median, type RunReport, shortcomings } from '../../lab/rehearsal/report.ts';
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
  releaseMs: [],
  drainMs: [9_000, 15_000],
  nodeSeconds: 7_200,
  leaked: 0,
  refusedCalls: 0,
};
const control: RunReport = { ...ebbtide, mode: 'control', callsCut: 12, signalMs: [], drainMs: [] };

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

  it('refusals and leaks of the control are no fault of Ebbtide', () => {
    assert.deepEqual(shortcomings([ebbtide, { ...control, leaked: 1, refusedCalls: 1 }], []), []);
  });
});

describe('table of a rehearsal', () => {
  it('has both runs side by side, in columns that line up', () => {
    const lines = comparison([ebbtide, control]);
    assert.match(lines.find((line) => line.includes('calls cut')) ?? '', /0 +12$/);
    assert.match(lines.find((line) => line.includes('signal, median')) ?? '', /0\.67 s +–$/);
    assert.match(lines.find((line) => line.includes('signal, worst')) ?? '', /0\.91 s +–$/);
    assert.match(lines.find((line) => line.includes('node-hours')) ?? '', /2\.00 +2\.00$/);
    assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  });

  it('names the cloud above each pair, where there are several', () => {
    const onGcp = [ebbtide, control].map((run) => ({
      ...run,
      cloud: 'gcp' as const,
      callsCut: run.callsCut + 1,
    }));
    const lines = comparison([ebbtide, control, ...onGcp]);
    assert.match(lines[0] ?? '', /^ +aws +aws +gcp +gcp$/);
    assert.match(lines[1] ?? '', /^ +with Ebbtide +without +with Ebbtide +without$/);
    assert.match(lines.find((line) => line.includes('calls cut')) ?? '', /0 +12 +1 +13$/);
    assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  });

  it('takes the middle of two as the median of an even number', () => {
    assert.equal(median([3, 1]), 2);
    assert.equal(median([5, 1, 3]), 3);
    assert.equal(median([]), undefined);
  });
});
