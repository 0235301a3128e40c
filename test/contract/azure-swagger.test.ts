import assert from 'node:assert/strict';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { SUBSCRIPTION } from '../../lab/azure/place.ts';
import type { HttpReply } from '../../lab/cloud/http-front.ts';
import type { RawRequest } from '../../lab/raw-request.ts';
import { ACCOUNT, SET } from './support/azure/model.ts';
import { startPool, type TestPool } from './support/azure/pool.ts';
import { type Exchange, readSwagger, type Swagger } from './support/specs/swagger.ts';

const REGION = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope`;
/** Of what goes on in the background no description tells. */
const UNDESCRIBED = /\/providers\/Microsoft\.Compute\/locations\/[^/]+\/operations\//;

describe('what is sent to the resource manager and what the twin answers, against Microsoft’s own descriptions', () => {
  let swagger: Swagger | undefined;
  let world: TestPool | undefined;
  const exchanges: Exchange[] = [];

  before(async function () {
    swagger = await readSwagger([
      'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-03-01/virtualMachineScaleSet.json',
      'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-03-01/computeRPCommon.json',
      'automation/resource-manager/Microsoft.Automation/stable/2023-11-01/job.json',
    ]);
    if (swagger === undefined) this.skip();
  });
  beforeEach(() => exchanges.splice(0));
  afterEach(() => world?.twin.close());

  function hear({ method, target, headers, body }: RawRequest, reply: HttpReply): void {
    const answered = { headers: reply.headers, body: reply.body.toString() };
    exchanges.push({ method, target, headers, body: body.toString(), status: reply.status, answered });
  }

  async function problems(): Promise<string[]> {
    const described = exchanges.filter(({ target }) => !UNDESCRIBED.test(target));
    const found = await Promise.all(described.map((exchange) => swagger?.problems(exchange) ?? []));
    return found.flat();
  }
  const kinds = () =>
    new Set(
      exchanges.map(
        ({ method, target }) => `${method} ${/(jobs|virtualMachines|operations)(?=[/?])/.exec(target)?.[1]}`,
      ),
    );

  it('the runbook and what wakes it, from the first protection to the end of an instance', async function () {
    if (!hasPython()) this.skip();
    world = await startPool({ capacity: 3, pageSize: 2, onExchange: hear });
    world.tellAll();
    assert.equal((await world.woken()).status, 'Completed');
    world.tell('ebbtide-media_2');
    world.empty('ebbtide-media_0');
    world.tell('ebbtide-media_1', { phase: 'draining' });
    assert.equal((await world.woken()).status, 'Completed');
    assert.deepEqual([...kinds()].sort(), [
      'DELETE virtualMachines',
      'GET virtualMachines',
      'PUT jobs',
      'PUT virtualMachines',
    ]);
    assert.deepEqual(await problems(), []);
  });

  it('what a person asks of a set and of jobs, and what is refused', async () => {
    world = await startPool({ onExchange: hear });
    const guid = '11111111-2222-4333-8444-555555555555';
    const job = `${ACCOUNT}/jobs/${guid}`;
    const body = { properties: { runbook: { name: 'scale-in' }, parameters: { settings: 'none' } } };
    const asked = [
      await world.arm('operator', 'GET', SET),
      await world.arm('operator', 'PATCH', SET, { body: { sku: { capacity: 4 } } }),
      await world.arm('operator', 'GET', `${SET}/virtualMachines/0?$expand=instanceView`),
      await world.arm('operator', 'GET', `${SET}/virtualMachines/7`),
      await world.arm('node', 'GET', `${SET}/virtualMachines`),
      await world.arm('operator', 'PUT', job, { body }),
      await world.arm('operator', 'GET', job),
      await world.arm('operator', 'GET', `${ACCOUNT}/jobs`),
      await world.arm('operator', 'POST', `${job}/stop`),
      await world.arm('operator', 'GET', job.replace(guid, guid.replace('1', '9'))),
      await world.arm('operator', 'GET', `${REGION}/usages`),
      await world.arm(
        'operator',
        'GET',
        `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachineScaleSets`,
      ),
    ];
    assert.deepEqual(
      asked.map(({ status }) => status),
      [200, 200, 200, 404, 403, 201, 200, 200, 200, 404, 200, 200],
    );
    assert.deepEqual(await problems(), []);
  });

  it('finds a member that there is not, one that is missing, and an operation that there is not', async () => {
    const headers = { 'content-type': 'application/json' };
    const common = { headers, status: 202, answered: { headers, body: '' } };
    const target = `${SET}/virtualMachines/1?api-version=2024-03-01`;
    const strange = '{"location":"westeurope","properties":{"strange":1}}';
    assert.match(
      String(await swagger?.problems({ ...common, method: 'PUT', target, body: strange })),
      /strange/,
    );
    assert.match(
      String(await swagger?.problems({ ...common, method: 'PUT', target, body: '{}' })),
      /location/,
    );
    assert.match(
      String(await swagger?.problems({ ...common, method: 'PATCH', target, body: '' })),
      /OPERATION_NOT_FOUND/,
    );
  });
});
