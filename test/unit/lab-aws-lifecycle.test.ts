import assert from 'node:assert/strict';
import {
  isCapacity,
  type Life,
  type LifecycleRules,
  type LifecycleState,
  type LifeEvent,
  NEW_LIFE,
  nextExpiry,
  step,
  targetState,
} from '../../lab/aws/lifecycle.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_000_000;
const token = 'a wait';
const terminate = { kind: 'terminate', token } as const;

const hooked: LifecycleRules = {
  hooks: [
    { name: 'launch', transition: 'launching', timeoutMs: 600_000, defaultResult: 'ABANDON' },
    { name: 'terminate', transition: 'terminating', timeoutMs: HOUR_MS, defaultResult: 'ABANDON' },
  ],
  terminateHookAbandon: 'retain',
};
const releasing: LifecycleRules = { ...hooked, terminateHookAbandon: 'terminate' };
const bare: LifecycleRules = { hooks: [], terminateHookAbandon: 'terminate' };
const twoHooks: LifecycleRules = {
  ...hooked,
  hooks: [
    ...hooked.hooks,
    { name: 'second', transition: 'terminating', timeoutMs: 60_000, defaultResult: 'CONTINUE' },
  ],
};

function waitingFor(state: LifecycleState, ...names: string[]): Life {
  return {
    state,
    waiting: names.map((name) => ({ name, token, deadline: NOW + 60_000, ceiling: NOW + HOUR_MS })),
  };
}

const inService: Life = { state: 'InService', waiting: [] };
const retained: Life = { state: 'Terminating:Retained', waiting: [] };

interface Row {
  given: string;
  life: Life;
  event: LifeEvent;
  rules?: LifecycleRules;
  at?: number;
  /** States entered, or why not. */
  then: LifecycleState[] | string;
}

const rows: Row[] = [
  { given: 'a new one', life: NEW_LIFE, event: { kind: 'started', token }, then: ['Pending:Wait'] },
  {
    given: 'a new one, no hooks',
    life: NEW_LIFE,
    event: { kind: 'started', token },
    rules: bare,
    then: ['Pending:Proceed', 'InService'],
  },
  {
    given: 'a launch that is completed',
    life: waitingFor('Pending:Wait', 'launch'),
    event: { kind: 'complete', hook: 'launch', result: 'CONTINUE' },
    then: ['Pending:Proceed', 'InService'],
  },
  {
    given: 'a launch that is abandoned: it goes by way of the terminate hook',
    life: waitingFor('Pending:Wait', 'launch'),
    event: { kind: 'complete', hook: 'launch', result: 'ABANDON' },
    then: ['Terminating', 'Terminating:Wait'],
  },
  { given: 'one in service', life: inService, event: terminate, then: ['Terminating', 'Terminating:Wait'] },
  {
    given: 'one in service, no hooks',
    life: inService,
    event: terminate,
    rules: bare,
    then: ['Terminating', 'Terminating:Proceed'],
  },
  {
    given: 'a drain that is done',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: { kind: 'complete', hook: 'terminate', result: 'CONTINUE' },
    then: ['Terminating:Proceed'],
  },
  {
    given: 'a drain that is abandoned',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: { kind: 'complete', hook: 'terminate', result: 'ABANDON' },
    then: ['Terminating:Retained'],
  },
  {
    given: 'a drain that is abandoned, without retention',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: { kind: 'complete', hook: 'terminate', result: 'ABANDON' },
    rules: releasing,
    then: ['Terminating:Proceed'],
  },
  {
    given: 'a drain that runs out of time',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: { kind: 'tick', token },
    at: NOW + 60_000,
    then: ['Terminating:Retained'],
  },
  {
    given: 'a drain that is just in time',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: { kind: 'tick', token },
    at: NOW + 59_999,
    then: [],
  },
  {
    given: 'the first of two terminate hooks',
    life: waitingFor('Terminating:Wait', 'terminate', 'second'),
    event: { kind: 'complete', hook: 'terminate', result: 'CONTINUE' },
    rules: twoHooks,
    then: [],
  },
  {
    given: 'one of two terminate hooks, abandoned: the other does not hold it',
    life: waitingFor('Terminating:Wait', 'terminate', 'second'),
    event: { kind: 'complete', hook: 'second', result: 'ABANDON' },
    rules: twoHooks,
    then: ['Terminating:Retained'],
  },
  {
    given: 'a retained one gets a fresh hook',
    life: retained,
    event: terminate,
    then: ['Terminating', 'Terminating:Wait'],
  },
  {
    given: 'one that is being terminated already',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: terminate,
    then: 'the instance is already being terminated',
  },
  {
    given: 'a hook that nobody waits for',
    life: inService,
    event: { kind: 'complete', hook: 'terminate', result: 'CONTINUE' },
    then: 'no active lifecycle action found',
  },
  {
    given: 'the token of an earlier wait',
    life: waitingFor('Terminating:Wait', 'terminate'),
    event: { kind: 'complete', hook: 'terminate', token: 'an earlier one', result: 'CONTINUE' },
    then: 'no active lifecycle action found',
  },
  {
    given: 'a heartbeat of a retained one',
    life: retained,
    event: { kind: 'heartbeat', hook: 'terminate' },
    then: 'no active lifecycle action found',
  },
  { given: 'a machine that is off', life: inService, event: { kind: 'gone' }, then: ['Terminated'] },
];

describe('the life of an instance in a twin group', () => {
  for (const { given, life, event, rules = hooked, at = NOW, then } of rows) {
    it(`${given}: ${event.kind}`, () => {
      const transition = step(life, event, at, rules);
      assert.deepEqual(transition.kind === 'refused' ? transition.why : transition.through, then);
    });
  }

  it('restarts the timer with a heartbeat, and never moves the ceiling', () => {
    let life = begin(hooked);
    for (let beats = 0; beats < 60; beats++) {
      const transition = step(life, { kind: 'heartbeat', hook: 'terminate' }, NOW + beats * HOUR_MS, hooked);
      assert.equal(transition.kind, 'moved');
      if (transition.kind === 'moved') life = transition.life;
    }
    assert.equal(nextExpiry(life), NOW + 48 * HOUR_MS);
  });

  it('ends a wait after a hundred timeouts, where that is less than 48 hours', () => {
    const short: LifecycleRules = {
      ...hooked,
      hooks: [{ name: 'terminate', transition: 'terminating', timeoutMs: 60_000, defaultResult: 'ABANDON' }],
    };
    assert.equal(begin(short).waiting[0]?.ceiling, NOW + 100 * 60_000);
  });

  function begin(rules: LifecycleRules): Life {
    const transition = step(inService, terminate, NOW, rules);
    assert.equal(transition.kind, 'moved');
    return transition.kind === 'moved' ? transition.life : inService;
  }

  it('counts as capacity what is or comes into service, and tells the node so', () => {
    const states: [LifecycleState, boolean][] = [
      ['Pending', true],
      ['Pending:Wait', true],
      ['InService', true],
      ['Terminating:Wait', false],
      ['Terminating:Retained', false],
      ['Terminated', false],
    ];
    for (const [state, capacity] of states) {
      assert.equal(isCapacity(state), capacity, state);
      assert.equal(targetState(state), capacity ? 'InService' : 'Terminated', state);
    }
  });
});
