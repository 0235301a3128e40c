import assert from 'node:assert/strict';
import { type Datapoint, evaluateAlarm } from '../../lab/aws/alarm.ts';
import { defaultVictims, readPolicyAnswer, zonesToShrink, zoneToGrow } from '../../lab/aws/capacity.ts';
import type { AlarmState } from '../../lab/aws/events.ts';
import { NEW_TRACKING, type TrackedGroup, track } from '../../lab/aws/tracking.ts';

const MINUTE_MS = 60_000;
const NOW = 60 * MINUTE_MS;
const policy = { name: 'cpu', target: 50, disableScaleIn: false, warmUpMs: MINUTE_MS };

/** One sample in each of the latest minutes, the latest last. */
function minutes(...values: (number | undefined)[]): Datapoint[] {
  return values.flatMap((value, index) =>
    value === undefined ? [] : [{ at: NOW - (values.length - index) * MINUTE_MS + 1000, value }],
  );
}

function group(over: Partial<TrackedGroup>): TrackedGroup {
  return { min: 1, max: 10, desired: 4, counted: 4, warmingUp: false, cpu: [], ...over };
}

describe('target tracking in the twin AWS', () => {
  const low = Array<number>(15).fill(10);
  const rows: { given: string; group: TrackedGroup; policy?: typeof policy; then: number }[] = [
    { given: 'no data', group: group({}), then: 4 },
    { given: 'two high minutes', group: group({ cpu: minutes(90, 90) }), then: 4 },
    { given: 'three high minutes', group: group({ cpu: minutes(80, 80, 80) }), then: 7 },
    {
      given: 'three high minutes near the maximum',
      group: group({ cpu: minutes(80, 80, 80), max: 5 }),
      then: 5,
    },
    {
      given: 'high minutes with some warming up: growth does not wait',
      group: group({ cpu: minutes(80, 80, 80), warmingUp: true, desired: 6 }),
      then: 7,
    },
    { given: 'fourteen low minutes', group: group({ cpu: minutes(...low.slice(1)) }), then: 4 },
    { given: 'fifteen low minutes', group: group({ cpu: minutes(...low) }), then: 1 },
    {
      given: 'fifteen low minutes with a gap',
      group: group({ cpu: minutes(...low.slice(1), undefined) }),
      then: 4,
    },
    {
      given: 'fifteen minutes between low and target',
      group: group({ cpu: minutes(...Array<number>(15).fill(40)) }),
      then: 4,
    },
    {
      given: 'fifteen low minutes while one warms up',
      group: group({ cpu: minutes(...low), warmingUp: true }),
      then: 4,
    },
    {
      given: 'fifteen low minutes, scaling in disabled',
      group: group({ cpu: minutes(...low) }),
      policy: { ...policy, disableScaleIn: true },
      then: 4,
    },
    {
      given: 'low minutes, and already as few as that are desired',
      group: group({ cpu: minutes(...low), desired: 1 }),
      then: 1,
    },
    { given: 'low minutes above the minimum', group: group({ cpu: minutes(...low), min: 2 }), then: 2 },
  ];
  for (const row of rows) {
    it(`${row.given}: ${row.then} desired`, () => {
      assert.equal(track(row.policy ?? policy, row.group, NEW_TRACKING, NOW).desired, row.then);
    });
  }
});

describe('alarms in the twin AWS', () => {
  const rules = {
    statistic: 'Maximum',
    periodMs: MINUTE_MS,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    threshold: 0,
    comparison: 'GreaterThanThreshold',
  } as const;
  const rows: {
    given: string;
    data: Datapoint[];
    missing: 'missing' | 'notBreaching' | 'breaching' | 'ignore';
    before?: AlarmState;
    then: AlarmState;
  }[] = [
    { given: 'no data', data: [], missing: 'missing', then: 'INSUFFICIENT_DATA' },
    { given: 'no data, taken as well', data: [], missing: 'notBreaching', then: 'OK' },
    { given: 'no data, taken as bad', data: [], missing: 'breaching', then: 'ALARM' },
    { given: 'no data, ignored', data: [], missing: 'ignore', before: 'ALARM', then: 'ALARM' },
    { given: 'two of three bad', data: minutes(1, 0, 1), missing: 'missing', then: 'ALARM' },
    { given: 'one of three bad', data: minutes(0, 0, 1), missing: 'missing', then: 'OK' },
    {
      given: 'one bad and the rest missing, taken as well',
      data: minutes(1),
      missing: 'notBreaching',
      then: 'OK',
    },
    {
      given: 'bad data from before the window',
      data: minutes(1, 1, 0, 0, 0),
      missing: 'missing',
      then: 'OK',
    },
  ];
  for (const { given, data, missing, before = 'INSUFFICIENT_DATA', then } of rows) {
    it(`${given}: ${then}`, () =>
      assert.equal(evaluateAlarm({ ...rules, missing }, data, NOW, before), then));
  }
});

describe('zones and victims in the twin AWS', () => {
  const zones = ['a', 'b', 'c'];
  const at = (zone: string) => ({ zone });
  const candidate = (id: string, zone: string, template = '1', launchedAt = 0) => ({
    id,
    zone,
    template,
    launchedAt,
  });

  it('grows where the fewest are', () => {
    assert.equal(zoneToGrow(zones, []), 'a');
    assert.equal(zoneToGrow(zones, [at('a'), at('b')]), 'c');
    assert.equal(zoneToGrow(zones, [at('a'), at('b'), at('c'), at('c')]), 'a');
  });

  it('shrinks where the most are, and stays even', () => {
    assert.deepEqual(zonesToShrink(zones, ['a', 'a', 'a', 'b', 'b', 'c'].map(at), 3), [
      { zone: 'a', count: 2 },
      { zone: 'b', count: 1 },
    ]);
    assert.deepEqual(zonesToShrink(zones, [at('c')], 2), [{ zone: 'c', count: 1 }]);
  });

  it('by default takes the outdated first, then what is nearest to its next hour', () => {
    const candidates = [
      candidate('i-young', 'a', '2', 50 * MINUTE_MS),
      candidate('i-old', 'a', '2', 5 * MINUTE_MS),
      candidate('i-outdated', 'a', '1', 50 * MINUTE_MS),
      candidate('i-elsewhere', 'b', '1', 0),
    ];
    assert.deepEqual(defaultVictims(candidates, [{ zone: 'a', count: 2 }], '2', NOW), [
      'i-outdated',
      'i-old',
    ]);
  });

  const offered = [candidate('i-1', 'a'), candidate('i-2', 'a'), candidate('i-3', 'b')];
  const one = [{ zone: 'a', count: 1 }];
  const answers: {
    given: string;
    answer: unknown;
    then: ReturnType<typeof readPolicyAnswer>['kind'] | string[];
  }[] = [
    { given: 'one id', answer: { InstanceIDs: ['i-2'] }, then: ['i-2'] },
    { given: 'none', answer: { InstanceIDs: [] }, then: 'nothing' },
    { given: 'a stranger', answer: { InstanceIDs: ['i-9'] }, then: 'nothing' },
    {
      given: 'more than asked: the next policy picks among them',
      answer: { InstanceIDs: ['i-3', 'i-2', 'i-1'] },
      then: ['i-1'],
    },
    { given: 'more than asked, none where asked', answer: { InstanceIDs: ['i-3', 'i-9'] }, then: ['i-3'] },
    { given: 'no list', answer: { InstanceIds: ['i-1'] }, then: 'nothing' },
    { given: 'null', answer: null, then: 'nothing' },
  ];
  for (const { given, answer, then } of answers) {
    it(`reads the answer of a termination policy: ${given}`, () => {
      const read = readPolicyAnswer(answer, offered, one, '1', NOW);
      assert.deepEqual(read.kind === 'victims' ? read.ids : read.kind, then);
    });
  }
});
