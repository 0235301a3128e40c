import assert from 'node:assert/strict';
import * as v from 'valibot';
import { createRealClock } from '../../fleet/clock.ts';
import { createGcpClient, type GcpService } from '../../fleet/gcp/client.ts';
import { createCompute } from '../../fleet/gcp/compute.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import { sendHttp } from '../../fleet/http.ts';
import { createScaledClock } from '../../lab/cloud/clock.ts';
import { createFaults } from '../../lab/cloud/faults.ts';
import type { Applied } from '../../lab/gcp/apply.ts';
import { createMachines } from '../../lab/gcp/compute/machines.ts';
import { createOperations } from '../../lab/gcp/compute/operations.ts';
import { createRunningGroups } from '../../lab/gcp/compute/running-groups.ts';
import type { FaultyService } from '../../lab/gcp/faults.ts';
import type { Method } from '../../lab/gcp/front/api.ts';
import { createMethods } from '../../lab/gcp/front/methods.ts';
import { routeOf } from '../../lab/gcp/front/routes.ts';
import { createObjects } from '../../lab/gcp/objects.ts';
import { applyPool, GROUP, PROJECT, REGION, startTwin, type TestTwin } from './support/gcp/twin.ts';
import { until } from './support/quiet-run.ts';
import { readDiscovery } from './support/specs/discovery.ts';

const DESCRIPTIONS = { compute: 'compute.v1', storage: 'storage.v1', secretmanager: 'secretmanager.v1' };
const discoveries = {
  compute: readDiscovery(DESCRIPTIONS.compute),
  storage: readDiscovery(DESCRIPTIONS.storage),
  secretmanager: readDiscovery(DESCRIPTIONS.secretmanager),
};

/** The methods of a twin in which there is nothing: only what they take is looked at. */
function allMethods(): Method[] {
  const clock = createScaledClock(1);
  const place = { project: PROJECT, projectNumber: '1', region: REGION };
  const nothing = {
    buckets: [],
    objects: [],
    secrets: [],
    serviceAccounts: [],
    roles: [],
    bindings: [],
    functions: [],
    jobs: [],
    groups: [],
  };
  const emit = () => undefined;
  const start = () => Promise.reject(new Error('nothing is started here'));
  const machines = createMachines({ clock, wallClock: Date.now, seed: '', groupsPath: '', emit, start });
  const groups = createRunningGroups({ mode: 'ebbtide', clock, machines, emit });
  const operations = createOperations(clock, Date.now, '');
  const faults = createFaults<FaultyService>();
  return createMethods({
    model: () => ({ ...place, ...nothing }),
    compute: { place, machines, groups, operations, faults, zones: () => [] },
    storage: { objects: createObjects(Date.now), now: Date.now },
  });
}

const METHODS = allMethods();

describe("the twin's methods against Google's own discovery documents", () => {
  for (const { service, id, http, path, parameters, body } of METHODS) {
    it(id, function () {
      const discovery = discoveries[service];
      if (!discovery) return this.skip();
      const described = discovery.method(id);
      assert.ok(described, `${service} has no method ${id}`);
      assert.equal(http, described.httpMethod);
      assert.ok(
        discovery.pathsOf(described).includes(path),
        `${path} is none of ${discovery.pathsOf(described)}`,
      );
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
      const known = [...Object.keys(described.parameters), ...discovery.commonParameters, ...inPath];
      assert.deepEqual(
        entriesOf(parameters).filter((name) => !known.includes(name)),
        [],
      );
      if (body !== undefined && body.type === 'strict_object') {
        const members = Object.keys(discovery.propertiesOf(described.request?.$ref ?? ''));
        assert.deepEqual(
          entriesOf(body).filter((name) => !members.includes(name)),
          [],
        );
      }
    });
  }
});

describe("what our code sends and the twin answers, against Google's own discovery documents", () => {
  let applied: Applied;
  let world: TestTwin;
  /** What was wrong with any request or answer. */
  const problems: string[] = [];

  before(async () => {
    applied = await applyPool();
    world = await startTwin(applied, { factor: 60 });
    await until('a machine serves', () =>
      world.twin.instances().find(({ standing }) => standing === 'serving'),
    );
  });

  after(() => world?.twin.close());

  /** A client of the pruner's, each of whose exchanges is held to the description. */
  function watched(who: 'pruner' | 'node' | 'operator') {
    const token = who === 'operator' ? world.twin.operatorToken() : world.twin.tokenOf(emailOf(who));
    return createGcpClient({
      token: async () => token,
      environment: world.twin.environment(),
      timeoutMs: 5_000,
      async send(request) {
        const response = await sendHttp(request);
        const { pathname, search } = new URL(request.url);
        const raw = {
          method: request.method,
          target: `${pathname}${search}`,
          headers: {},
          body: Buffer.alloc(0),
        };
        const route = routeOf(raw, METHODS);
        if (route === undefined) problems.push(`${request.method} ${request.url} is no method`);
        else check(route.method, route.parameters, request.body, response.status, response.body);
        return response;
      },
    });
  }

  function emailOf(who: 'pruner' | 'node'): string {
    const email =
      who === 'node'
        ? applied.model.groups[0]?.template.serviceAccount?.email
        : applied.model.functions[0]?.serviceAccount;
    return email ?? '';
  }

  function check(
    { service, id }: Method,
    parameters: Record<string, string>,
    sent: string | undefined,
    status: number,
    answer: Buffer,
  ): void {
    const discovery = discoveries[service];
    const described = discovery?.method(id);
    if (discovery === undefined || described === undefined) return;
    if (sent !== undefined && id !== 'storage.objects.insert' && described.request !== undefined)
      problems.push(...discovery.problems(described.request.$ref, JSON.parse(sent)));
    if (status === 200 && parameters.alt !== 'media' && described.response !== undefined)
      problems.push(...discovery.problems(described.response.$ref, JSON.parse(answer.toString())));
  }

  it('the pruner’s Compute Engine, from its lists to the end of a machine', async function () {
    if (!discoveries.compute) return this.skip();
    const compute = createCompute({
      client: watched('pruner'),
      clock: createRealClock(),
      project: PROJECT,
      region: REGION,
      pool: 'media',
      group: GROUP,
      autoscaler: GROUP,
    });
    const { status, statusDetails } = await compute.readAutoscaler();
    assert.equal(status, 'ACTIVE');
    assert.ok(
      statusDetails.some(({ type }) => type === 'MODE_ONLY_SCALE_OUT'),
      'which is no error',
    );
    assert.equal((await compute.readGroup())?.targetSize, 1);
    const [member] = await compute.listManaged();
    assert.equal(member?.currentAction, 'NONE');
    const [instance] = await compute.listInstances();
    assert.ok(instance);
    assert.equal(instance.id, member?.id);
    await compute.follow(await compute.abandon([instance]));
    const labelling = await compute.addLabels(instance, { 'ebbtide-decision': 'd-1' });
    assert.ok(labelling);
    await compute.follow(labelling);
    assert.equal(
      await compute.addLabels(instance, { other: 'x' }),
      undefined,
      'somebody else had changed them',
    );
    const deleting = await compute.delete(instance);
    assert.ok(deleting);
    await compute.follow(deleting);
    assert.equal(await compute.delete(instance), undefined, 'it is gone');
    assert.deepEqual(problems, []);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('the registry’s Cloud Storage', async function () {
    if (!discoveries.storage) return this.skip();
    const store = createStorageStore({ client: watched('pruner'), bucket: world.bucket });
    await store.put('memory/x.json', '{"a":1}');
    const read = await store.get('memory/x.json');
    assert.equal(read?.body, '{"a":1}');
    assert.ok(read.ageMs < 5000);
    assert.equal(await store.get('decisions/nobody.json'), undefined);
    const keys: string[] = [];
    for await (const page of store.list('memory/x')) keys.push(...page.map(({ key }) => key));
    assert.deepEqual(keys, ['memory/x.json']);
    assert.deepEqual(problems, []);
  });

  it('a secret, by who may read it', async function () {
    const discovery = discoveries.secretmanager;
    if (!discovery) return this.skip();
    const [secret] = applied.model.secrets;
    const path = `/v1/projects/${PROJECT}/secrets/${secret?.name}/versions/latest:access`;
    const read = (who: 'node' | 'pruner') =>
      watched(who).send({ service: 'secretmanager' satisfies GcpService, method: 'GET', path });
    const { bytes } = await read('node');
    const { payload } = v.parse(
      v.object({ payload: v.object({ data: v.string() }) }),
      JSON.parse(bytes.toString()),
    );
    assert.equal(Buffer.from(payload.data, 'base64').toString(), secret?.versions[0]?.toString());
    await assert.rejects(read('pruner'), /PERMISSION_DENIED/);
    assert.deepEqual(problems, []);
  });
});

describe('what holds the twin to a discovery document', () => {
  it('finds a member that there is not, a value that is none, and a type that is another', function () {
    const discovery = discoveries.compute;
    if (!discovery) return this.skip();
    assert.deepEqual(discovery.problems('Operation', { name: 'x', status: 'DONE' }), []);
    assert.equal(discovery.problems('Operation', { nickname: 'x' }).length, 1);
    assert.equal(discovery.problems('Operation', { status: 'READY' }).length, 1);
    assert.equal(discovery.problems('Operation', { error: { errors: [{ code: 1 }] } }).length, 1);
  });
});

function entriesOf(schema: v.GenericSchema): string[] {
  assert.equal(schema.type, 'strict_object', 'must be strict');
  return Object.keys(Object(Reflect.get(schema, 'entries')));
}
