import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { changeOf } from '../../lab/chaos/digitalocean/change.ts';
import { digitalOceanCloud } from '../../lab/chaos/digitalocean/cloud.ts';
import type { DigitalOceanPlan } from '../../lab/chaos/digitalocean/plan.ts';
import type { DigitalOceanStep } from '../../lab/chaos/digitalocean/step.ts';
import { describe as describeHappening } from '../../lab/chaos/happening.ts';
import { runSchedule } from '../../lab/chaos/run-schedule.ts';
import { type Row, testRows } from '../support/chaos-rows.ts';

const SECOND = 1_000;
const PLAN: DigitalOceanPlan = {
  size: 3,
  needed: 3,
  min: 1,
  max: 4,
  maxDrains: 1,
  coolDownMs: 0,
  lowForMs: 0,
  bootTimeoutMs: 180 * SECOND,
  accountLimit: 10,
  storeOffsetMs: 0,
  apiOffsetMs: 0,
  ceilingMs: undefined,
  onCeiling: 'keep',
  warnAfterMs: 240 * SECOND,
  hasMediaRegistry: false,
};
/** The first is decided at the second minute. */
const LESS: DigitalOceanStep = { at: 70 * SECOND, kind: 'load', needs: 2 };
const MORE: DigitalOceanStep = { at: 70 * SECOND, kind: 'load', needs: 4 };

describe('what a request of the orchestrator changes', () => {
  const [api, spaces] = ['http://api.test/v2', 'http://spaces.test/chaos-memory/memory'];
  for (const [method, url, change] of [
    ['PUT', `${spaces}/runs/1.json`, 'turn'],
    ['PUT', `${spaces}/orchestrator.json`, 'memory'],
    ['PUT', `${spaces}/droplets.json`, 'births'],
    ['PUT', `${spaces}/announced/ebbtide-chaos-1.json`, 'heard'],
    ['PUT', 'http://spaces.test/chaos-code/decisions/ebbtide-chaos-1.json', 'decision'],
    ['POST', `${api}/droplets`, 'birth'],
    ['POST', `${api}/tags/ebbtide-chaos-draining/resources`, 'take-out'],
    ['POST', `${api}/tags/ebbtide-decision%3A1/resources`, 'mark'],
    ['POST', `${api}/tags/ebbtide-chaos/resources`, 'tag'],
    ['DELETE', `${api}/droplets/1`, 'removal'],
    ['DELETE', `${api}/tags/ebbtide-decision%3A1`, 'untag'],
    ['DELETE', `${spaces}/runs/1.json`, 'turn-over'],
    ['GET', `${api}/droplets?tag_name=ebbtide-chaos`, undefined],
  ] as const) {
    it(`${method} ${url}: ${change ?? 'nothing'}`, () => assert.equal(changeOf({ method, url }), change));
  }
});

const ROWS: Row<DigitalOceanPlan, DigitalOceanStep>[] = [
  {
    given: 'nothing but that fewer are needed: one after the other is decided, and deleted',
    steps: [{ at: 70 * SECOND, kind: 'load', needs: 1 }],
    happens: [
      ['wanted', /3 serve/],
      ['wanted', /2 serve/],
      ['machine-off', /./],
    ],
  },
  {
    given: 'one that said that it is empty boots again, and somebody repeats that word',
    steps: [
      LESS,
      { at: 120 * SECOND, kind: 'wake-refused', forMs: 34 * SECOND },
      { at: 139 * SECOND, kind: 'reboot', node: { decided: 0 }, downMs: 15 * SECOND },
      { at: 154 * SECOND, kind: 'forged', node: { decided: 0 }, how: 'replayed', forMs: 15 * SECOND },
      { at: 155 * SECOND, kind: 'woken', forMs: 19 * SECOND, everyMs: 3 * SECOND },
    ],
    happens: [['media-started', /boot2/]],
  },
  ...(['unsigned', 'wrongly-signed', 'of-another', 'of-earlier'] as const).map(
    (how): Row<DigitalOceanPlan, DigitalOceanStep> => ({
      given: `somebody says of one with calls on it that it is empty: ${how}`,
      steps: [
        ...[0, 1, 2].map((node) => ({
          at: 60 * SECOND,
          kind: 'room' as const,
          node,
          people: 1,
          forMs: 150 * SECOND,
        })),
        LESS,
        { at: 122 * SECOND, kind: 'forged', node: { decided: 0 }, how, forMs: 40 * SECOND },
        { at: 123 * SECOND, kind: 'woken', forMs: 35 * SECOND, everyMs: 5 * SECOND },
      ],
      happens: [['wanted', /./]],
    }),
  ),
  {
    given: 'a person takes the tag of the pool from one that drains: it is found by its own word',
    steps: [
      LESS,
      ...[0, 1, 2].map((node) => ({
        at: 60 * SECOND,
        kind: 'room' as const,
        node,
        people: 1,
        forMs: 120 * SECOND,
      })),
      { at: 140 * SECOND, kind: 'tag-taken', node: { decided: 0 }, tag: 'pool' },
    ],
    happens: [['machine-off', /taken: false/]],
  },
  {
    given: 'what is made has no tags, and the call that would put them there reaches half of them',
    steps: [
      MORE,
      { at: 78 * SECOND, kind: 'tags-half', times: 1 },
      { at: 119 * SECOND, kind: 'born-untagged', forMs: 34 * SECOND },
    ],
    plan: { size: 2, needed: 2 },
    calmAt: 400 * SECOND,
  },
  ...[true, false].map(
    (made): Row<DigitalOceanPlan, DigitalOceanStep> => ({
      given: `the answer to a birth is lost, and the droplet was ${made ? '' : 'not '}made`,
      steps: [MORE, { at: 119 * SECOND, kind: 'birth-unsure', made, times: 1 }],
      calmAt: 400 * SECOND,
    }),
  ),
  {
    given: 'droplets that stay new for longer than anybody waits: they are replaced',
    plan: { size: 2, needed: 2 },
    steps: [MORE, { at: 119 * SECOND, kind: 'held-new', forMs: 500 * SECOND }],
    calmAt: 700 * SECOND,
    happens: [['wanted', /replacement/]],
  },
  {
    given: 'a droplet on which nothing ever runs: it is replaced, and somebody hears of it',
    steps: [MORE, { at: 100 * SECOND, kind: 'never-up', times: 1 }],
    calmAt: 600 * SECOND,
    happens: [['wanted', /replacement/]],
  },
  {
    given:
      'a node that takes calls, and of which the registry never hears: it is not taken for one that did not come up',
    steps: [
      MORE,
      {
        at: 119 * SECOND,
        kind: 'network',
        callers: { node: 3 },
        way: 'store',
        mischief: 'lost',
        forMs: 400 * SECOND,
        each: 1,
      },
      ...[0, 1, 2, 3].map((node) => ({
        at: 180 * SECOND + node,
        kind: 'room' as const,
        node,
        people: 2,
        forMs: 500 * SECOND,
      })),
    ],
    calmAt: 700 * SECOND,
  },
  {
    given: 'runs that are called twice, while the lists of the store are old',
    plan: { maxDrains: 1 },
    steps: [
      { at: 70 * SECOND, kind: 'load', needs: 1 },
      { at: 119 * SECOND, kind: 'runs-twice', forMs: 80 * SECOND },
      { at: 119 * SECOND, kind: 'stale-lists', forMs: 80 * SECOND, byMs: 5 * SECOND },
    ],
  },
  {
    given:
      'half an hour without a trigger: a node that becomes empty wakes the function, and is gone in seconds',
    steps: [
      LESS,
      { at: 60 * SECOND, kind: 'room', node: 0, people: 1, forMs: 100 * SECOND },
      { at: 60 * SECOND, kind: 'room', node: 1, people: 1, forMs: 100 * SECOND },
      { at: 60 * SECOND, kind: 'room', node: 2, people: 1, forMs: 100 * SECOND },
      { at: 121 * SECOND, kind: 'trigger-lost', forMs: 1_800 * SECOND },
    ],
    calmAt: 2_000 * SECOND,
    happens: [
      ['woken', /./],
      ['released', /./],
    ],
  },
];

testRows(digitalOceanCloud, PLAN, ROWS);

describe('a run of the orchestrator that is killed between two of its requests', () => {
  for (const [given, step] of [
    ['it decides', LESS],
    ['it makes one', MORE],
  ] as const) {
    for (const when of ['before', 'after'] as const) {
      it(`${given}: ${when} each of them`, async () => {
        let killed = 0;
        for (let nth = 1; killed === nth - 1; nth += 1) {
          const steps: DigitalOceanStep[] = [
            step,
            { at: 119 * SECOND, kind: 'kill-run', only: 'all', when, nth },
            // By then those that follow are not counted any more: the next run is a minute away.
            { at: 150 * SECOND, kind: 'load', needs: step.kind === 'load' ? step.needs : 2 },
          ];
          const schedule = { seed: nth, plan: PLAN, steps, calmAt: 300 * SECOND };
          const { violation, history } = await runSchedule(digitalOceanCloud, schedule);
          assert.equal(violation, undefined, `${nth}\n${history.map(describeHappening).join('\n')}`);
          const isInThatRun = history.some(
            (told) => told.kind === 'function' && told.outcome.startsWith('killed') && told.at < 125 * SECOND,
          );
          if (isInThatRun) killed += 1;
        }
        assert.ok(killed >= 12, `${killed} requests`);
      });
    }
  }
});
