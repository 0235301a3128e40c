import assert from 'node:assert/strict';
import type { Target } from '../../lab/gcp/iam/access.ts';
import { evaluate } from '../../lab/gcp/iam/access.ts';
import { readCondition } from '../../lab/gcp/iam/condition-parser.ts';
import {
  bucketTarget,
  computeTarget,
  instanceTarget,
  objectTarget,
  projectTarget,
} from '../../lab/gcp/iam/targets.ts';

const NODE = 'serviceAccount:node@p.iam.gserviceaccount.com';
const ROLE = 'projects/p/roles/some';

function allowed(expression: string | undefined, target: Target, on = 'project'): boolean {
  const condition = expression === undefined ? {} : { condition: readCondition(expression, 'a test') };
  const model = {
    bindings: [{ on, role: ROLE, member: NODE, ...condition }],
    roles: [{ name: ROLE, permissions: ['x.y.do'] }],
  };
  return evaluate({ member: NODE, permission: 'x.y.do', target }, model).allowed;
}

const machine = (name: string) => instanceTarget('p', 'z', name);
const ofPool =
  'resource.name.extract("/instances/{name}").startsWith("ebbtide-media-") && ' +
  'resource.name.extract("/instances/ebbtide-media-{more}-") == ""';
const statuses = 'resource.name.startsWith("projects/_/buckets/b/objects/statuses/")';

const ROWS: { that: string; expression: string | undefined; target: Target; on?: string; is: boolean }[] = [
  { that: 'no condition', expression: undefined, target: machine('m'), is: true },
  { that: 'a machine of the pool', expression: ofPool, target: machine('ebbtide-media-ab12'), is: true },
  {
    that: 'a machine of a pool with a longer name',
    expression: ofPool,
    target: machine('ebbtide-media-2-ab12'),
    is: false,
  },
  { that: 'another machine', expression: ofPool, target: machine('database'), is: false },
  { that: 'a list, which is the project’s', expression: ofPool, target: projectTarget('p'), is: false },
  {
    that: 'a group, which has no attributes',
    expression: 'resource.name.startsWith("projects/p/")',
    target: computeTarget('projects/p/regions/r/instanceGroupManagers/g'),
    is: false,
  },
  {
    that: 'what is no machine, by its type',
    expression: 'resource.type != "compute.googleapis.com/Instance"',
    target: computeTarget('g'),
    is: true,
  },
  {
    that: 'an object below the prefix',
    expression: statuses,
    target: objectTarget('b', 'statuses/n.json'),
    on: 'buckets/b',
    is: true,
  },
  {
    that: 'an object beside it',
    expression: statuses,
    target: objectTarget('b', 'decisions/n.json'),
    on: 'buckets/b',
    is: false,
  },
  {
    that: 'an object of another bucket',
    expression: undefined,
    target: objectTarget('c', 'x'),
    on: 'buckets/b',
    is: false,
  },
  {
    that: 'one of two prefixes',
    expression: `${statuses} || resource.name.endsWith('.zip')`,
    target: objectTarget('b', 'x.zip'),
    is: true,
  },
  {
    that: 'not, and brackets',
    expression: `!(${statuses})`,
    target: objectTarget('b', 'statuses/x'),
    is: false,
  },
  {
    that: 'a list below a prefix',
    expression: 'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("a/")',
    target: bucketTarget('b', 'a/b'),
    is: true,
  },
];

describe('rights in the twin Google Cloud', () => {
  for (const { that, expression, target, on, is } of ROWS) {
    it(`${is ? 'given' : 'not given'}: ${that}`, () => assert.equal(allowed(expression, target, on), is));
  }

  it('come from nowhere but a binding', () => {
    const verdict = evaluate(
      { member: NODE, permission: 'x.y.do', target: machine('m') },
      { bindings: [], roles: [] },
    );
    assert.deepEqual(verdict, { allowed: false, why: 'no role gives it' });
  });

  for (const unknown of [
    'request.time < timestamp("2030-01-01T00:00:00Z")',
    'resource.name.matches("a.*")',
    'resource.labels == "x"',
    'resource.name',
    'resource.name.startsWith("a") &&',
    'resource.name == "a" "b"',
    '"a" && "b"',
    'has(resource.name)',
    '',
  ]) {
    it(`are not guessed of a condition that is not known: ${unknown || 'nothing'}`, () => {
      assert.throws(() => readCondition(unknown, 'the binding'), /the condition of the binding/);
    });
  }
});
