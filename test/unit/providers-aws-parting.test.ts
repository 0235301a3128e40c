import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FleetReading, NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus, Work } from '../../fleet/status.ts';
import { type PartingStep, planParting } from '../../providers/aws/parting-plan.ts';
import type { SweepPlan } from '../../providers/sweep-plan.ts';
import { fresh as freshNode } from './support/fleet.ts';

const fresh = (phase: NodeStatus['phase'], work: Partial<Work> | null) => freshNode('i-1', { phase, work });

const BUSY = fresh('serving', { rooms: 2, people: 5 });
const DRAINING = fresh('draining', { rooms: 1, people: 2 });
const DRAINED = fresh('empty', {});
const MISSING: NodeReading = { kind: 'missing' };

type Given = [state: string, reading: NodeReading];

function told(given: readonly Given[], onDestroy: 'refuse' | 'cut', begun = false, suspended: string[] = []) {
  const nodes = new Map(given.map(([, reading], index) => [`i-${index + 1}`, reading]));
  const fleet: FleetReading = { nodes, complete: true };
  const machines = given.map(([lifecycleState], index) => ({
    node: `i-${index + 1}`,
    zone: 'a',
    lifecycleState,
  }));
  const world = { group: { machines, suspended }, fleet };
  return textOf(planParting(world, 'Terminate', { onDestroy, begun }));
}

function textOf(plan: SweepPlan<PartingStep>): string {
  switch (plan.kind) {
    case 'refuse':
      return `refuse ${plan.nodes.map(({ node }) => node).join(' ')}`;
    case 'sweep':
      return (
        plan.steps.map((step) => ('node' in step ? `${step.kind} ${step.node}` : step.kind)).join(', ') ||
        'wait'
      );
    default:
      return plan.kind;
  }
}

describe('planning to part from an existing group on AWS', () => {
  const rows: [string, Given[], Parameters<typeof told>[1], boolean, string[], string][] = [
    ['calls on a node that serves', [['InService', BUSY]], 'refuse', false, [], 'stop-shrinking'],
    ['a machine without an agent', [['InService', MISSING]], 'refuse', false, [], 'stop-shrinking'],
    ['one that boots', [['Pending', MISSING]], 'refuse', false, [], 'stop-shrinking'],
    ['nobody leaves, and nobody can begin to', [['InService', BUSY]], 'refuse', true, ['Terminate'], 'done'],
    ['the group was suspended before', [], 'refuse', false, ['Terminate'], 'done'],
    [
      'a drain',
      [
        ['InService', BUSY],
        ['Terminating:Wait', DRAINING],
      ],
      'refuse',
      false,
      [],
      'refuse i-2',
    ],
    ['a retained one that is silent', [['Terminating:Retained', MISSING]], 'refuse', false, [], 'refuse i-1'],
    ['a drain without calls', [['Terminating:Wait', fresh('draining', {})]], 'refuse', false, [], 'wait'],
    ['a drained one', [['Terminating:Wait', DRAINED]], 'refuse', false, [], 'complete i-1'],
    [
      'a retained one that is drained',
      [['Terminating:Retained', DRAINED]],
      'refuse',
      false,
      [],
      'terminate i-1',
    ],
    [
      'who was chosen in the last moment',
      [['Terminating:Wait', DRAINING]],
      'refuse',
      true,
      ['Terminate'],
      'wait',
    ],
    ['one that AWS is ending', [['Terminating:Proceed', BUSY]], 'refuse', false, [], 'stop-shrinking'],
    [
      'insisting',
      [
        ['InService', BUSY],
        ['Terminating:Wait', DRAINING],
      ],
      'cut',
      false,
      [],
      'complete i-2',
    ],
    [
      'insisting, retained',
      [
        ['InService', BUSY],
        ['Terminating:Retained', MISSING],
      ],
      'cut',
      false,
      [],
      'terminate i-2',
    ],
  ];
  for (const [what, given, onDestroy, begun, suspended, plan] of rows)
    it(`${what}: ${plan}`, () => assert.equal(told(given, onDestroy, begun, suspended), plan));

  it('is done where the group is gone, unless that may be a look at the wrong place', () => {
    const rules = { onDestroy: 'refuse', begun: false } as const;
    const read: FleetReading = { nodes: new Map(), complete: true };
    assert.equal(textOf(planParting({ group: undefined, fleet: read }, 'Terminate', rules)), 'done');
    const unread: FleetReading = { nodes: new Map(), complete: false, problem: 'AccessDenied' };
    assert.equal(textOf(planParting({ group: undefined, fleet: unread }, 'Terminate', rules)), 'lost');
  });
});
