import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ScaleSetInstance } from '../../fleet/azure/scale-set.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { DecisionReading, NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus, Work } from '../../fleet/status.ts';
import { type PartingStep, planParting } from '../../providers/azure/parting-plan.ts';
import type { SweepPlan } from '../../providers/sweep-plan.ts';
import { fresh as freshNode, NOW } from './support/fleet.ts';

const NODE = 'their-media_1';
const MACHINE = '0a1b';
const DECISION: Decision = {
  ...{ v: 1, id: 'd-1', node: NODE, machine: MACHINE.toUpperCase(), pool: 'media', by: 'runbook' },
  ...{ at: new Date(NOW).toISOString(), cause: 'scale-in', intent: 'leave', reason: 'x' },
};
const heard = ({ id, at, by, cause, intent, reason }: Decision) => ({ id, at, by, cause, intent, reason });

const says = (
  phase: NodeStatus['phase'],
  work: Partial<Work> | null,
  decision: Decision | undefined = undefined,
  machine = MACHINE,
) => freshNode(NODE, { phase, work, machine, ...(decision && { decision: heard(decision) }) });

const CALL = { rooms: 1, people: 2 };
const SERVES = says('serving', CALL);
const DRAINS = says('draining', CALL, DECISION);
const DRAINED = says('empty', {}, DECISION);
const SILENT: NodeReading = { kind: 'stale', ageMs: 90_000 };
const MISSING: NodeReading = { kind: 'missing' };

const DECIDED: DecisionReading = { kind: 'decided', decision: DECISION };
const UNDECIDED: DecisionReading = { kind: 'none' };
const UNREAD: DecisionReading = { kind: 'unknown', reason: 'AuthorizationFailed' };

interface Given {
  reading: NodeReading;
  decided?: DecisionReading;
  is?: Partial<ScaleSetInstance>;
  held?: boolean;
  onDestroy?: 'refuse' | 'cut';
  begun?: boolean;
}

function told({
  reading,
  decided = UNDECIDED,
  is = {},
  held = false,
  onDestroy = 'refuse',
  begun = false,
}: Given) {
  const instance = {
    ...{ node: NODE, instanceId: '1', machine: MACHINE, zone: '1', state: 'Succeeded, running' },
    ...{ deleting: false, stopped: false, ...is },
  };
  const nodes = new Map([[NODE, reading]]);
  const decisions = new Map([[NODE, decided]]);
  return textOf(
    planParting(
      {
        ...{ hasSet: true, held, instances: [instance] },
        ...{ fleet: { nodes, complete: true }, decisions: { decisions, complete: true } },
      },
      { onDestroy, begun },
    ),
  );
}

function textOf(plan: SweepPlan<PartingStep>): string {
  switch (plan.kind) {
    case 'refuse':
      return `refuse: ${plan.nodes.map(({ reading }) => reading.kind)}`;
    case 'sweep':
      return plan.steps.map(({ kind }) => kind).join(', ') || 'wait';
    default:
      return plan.kind;
  }
}

describe('planning to part from an existing scale set on Azure', () => {
  const rows: [what: string, given: Given, then: string][] = [
    ['calls on a node that serves', { reading: SERVES }, 'hold-runbook'],
    ['a machine without an agent', { reading: MISSING }, 'hold-runbook'],
    ['a machine that fell silent', { reading: SILENT }, 'hold-runbook'],
    ['nobody leaves, and the runbook is held', { reading: SERVES, held: true }, 'done'],
    ['insisting, with calls on a node that serves', { reading: SERVES, onDestroy: 'cut' }, 'hold-runbook'],
    ['insisting, and the runbook is held', { reading: SERVES, onDestroy: 'cut', held: true }, 'done'],

    ['a drain', { reading: DRAINS, decided: DECIDED }, 'refuse: fresh'],
    ['one that is to leave, and has not heard of it', { reading: SERVES, decided: DECIDED }, 'refuse: fresh'],
    ['one that is to leave, and is silent', { reading: SILENT, decided: DECIDED }, 'refuse: stale'],
    ['one that is to leave, and never spoke', { reading: MISSING, decided: DECIDED }, 'refuse: missing'],
    [
      'one that is to leave, of whose name only an earlier machine spoke',
      { reading: says('empty', {}, DECISION, 'other'), decided: DECIDED },
      'refuse: missing',
    ],
    [
      'a drain of which the work is unknown',
      { reading: says('draining', null, DECISION), decided: DECIDED },
      'refuse: fresh',
    ],
    ['a drain without calls', { reading: says('draining', {}, DECISION), decided: DECIDED }, 'wait'],
    ['one that has drained', { reading: DRAINED, decided: DECIDED }, 'delete'],
    [
      'one that has drained for another reason',
      { reading: says('empty', {}, { ...DECISION, id: 'd-2' }), decided: DECIDED },
      'wait',
    ],
    [
      'who was chosen in the moment before',
      { reading: DRAINS, decided: DECIDED, held: true, begun: true },
      'wait',
    ],
    [
      'who was chosen in the moment before, and has drained',
      { reading: DRAINED, decided: DECIDED, held: true, begun: true },
      'delete',
    ],
    ['insisting, with a drain', { reading: DRAINS, decided: DECIDED, onDestroy: 'cut' }, 'delete'],
    [
      'insisting, with a silent one that is to leave',
      { reading: SILENT, decided: DECIDED, onDestroy: 'cut' },
      'delete',
    ],

    [
      'one that Azure is deleting',
      { reading: DRAINS, decided: DECIDED, is: { deleting: true } },
      'hold-runbook',
    ],
    [
      'one that is to leave, and was stopped',
      { reading: SILENT, decided: DECIDED, is: { stopped: true } },
      'delete',
    ],
    ['one that serves, and was stopped', { reading: SILENT, is: { stopped: true } }, 'hold-runbook'],
    [
      'one of an earlier machine’s decision',
      { reading: SERVES, decided: { kind: 'decided', decision: { ...DECISION, machine: 'other' } } },
      'hold-runbook',
    ],

    ['a drain of which the decision is lost', { reading: DRAINS }, 'refuse: fresh'],
    ['one that has drained, of which the decision is lost', { reading: DRAINED }, 'delete'],
    [
      'one that an operator has emptied, and that stays',
      { reading: says('empty', {}, { ...DECISION, intent: 'maintenance', cause: 'operator' }) },
      'hold-runbook',
    ],

    ['one of which the decision cannot be read', { reading: SERVES, decided: UNREAD }, 'refuse: unreadable'],
    [
      'one without calls of which the decision cannot be read',
      { reading: says('serving', {}), decided: UNREAD },
      'refuse: unreadable',
    ],
    [
      'one of which the decision cannot be read, later',
      { reading: SERVES, decided: UNREAD, held: true, begun: true },
      'wait',
    ],
    [
      'insisting, with one of which the decision cannot be read: it may serve',
      { reading: SERVES, decided: UNREAD, held: true, onDestroy: 'cut' },
      'done',
    ],
    [
      'a stopped one of which the decision cannot be read',
      { reading: SILENT, decided: UNREAD, is: { stopped: true } },
      'hold-runbook',
    ],
  ];
  for (const [what, given, then] of rows) it(`${what}: ${then}`, () => assert.equal(told(given), then));

  it('says why it is not known', () => {
    const plan = planParting(
      {
        hasSet: true,
        held: false,
        instances: [
          {
            ...{ node: NODE, instanceId: '1', machine: MACHINE, zone: '1', state: 'Succeeded' },
            ...{ deleting: false, stopped: false },
          },
        ],
        fleet: { nodes: new Map([[NODE, SERVES]]), complete: true },
        // Its absence proves nothing.
        decisions: { decisions: new Map(), complete: false, problem: 'timeout' },
      },
      { onDestroy: 'refuse', begun: false },
    );
    assert.ok(plan.kind === 'refuse');
    const [{ reading } = assert.fail('nobody')] = plan.nodes;
    assert.match(reading.kind === 'unreadable' ? reading.reason : '', /^its decision: .*timeout/);
  });

  it('is done where the set is gone', () => {
    const plan = planParting(
      {
        ...{ hasSet: false, held: false, instances: [] },
        fleet: { nodes: new Map(), complete: true },
        decisions: { decisions: new Map(), complete: true },
      },
      { onDestroy: 'refuse', begun: false },
    );
    assert.equal(plan.kind, 'done');
  });
});
