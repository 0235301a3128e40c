import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { AzureError, createAzureClient } from '../../fleet/azure/client.ts';
import { blobEndpoint, managerEndpoint } from '../../fleet/azure/endpoints.ts';
import { createScaleSet, type ScaleSet } from '../../fleet/azure/scale-set.ts';
import { type Answer, type ReceivedRequest, useLocalServer } from './support/local-server.ts';

const PLACE = {
  subscriptionId: 's-1',
  resourceGroup: 'rg',
  group: 'ebbtide-media',
  autoscale: 'ebbtide-media',
};
const ROOT = '/subscriptions/s-1/resourceGroups/rg/providers';
const MACHINES = `${ROOT}/Microsoft.Compute/virtualMachineScaleSets/ebbtide-media/virtualMachines`;
const AUTOSCALE = `${ROOT}/Microsoft.Insights/autoscaleSettings/ebbtide-media`;

const local = useLocalServer();

async function start(answer: (request: ReceivedRequest, base: string) => Answer): Promise<ScaleSet> {
  const server = await local.start((request) => answer(request, local.server?.url ?? ''));
  const client = createAzureClient({ base: server.url, token: async () => 't', timeoutMs: 3_000 });
  return createScaleSet(client, PLACE);
}

const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) });
const refusal = (status: number, code: string) => json(status, { error: { code, message: 'no' } });

const instance = (id: number, properties: object = {}, more: object = {}) => ({
  name: `ebbtide-media_${id}`,
  instanceId: String(id),
  location: 'westeurope',
  properties: { vmId: `VM-${id}`, provisioningState: 'Succeeded', ...properties },
  ...more,
});
const view = (...codes: string[]) => ({ instanceView: { statuses: codes.map((code) => ({ code })) } });

describe('a scale set of Azure', () => {
  it('tells its instances, page by page, as they are', async () => {
    const set = await start(({ path, url }, base) => {
      assert.equal(path, MACHINES);
      if (url.searchParams.get('page') === '2')
        return json(200, { value: [instance(2, { provisioningState: 'Deleting' })] });
      assert.equal(url.searchParams.get('$expand'), 'instanceView');
      return json(200, {
        value: [
          instance(0, view('ProvisioningState/succeeded', 'PowerState/running'), { zones: ['3'] }),
          instance(1, view('PowerState/deallocated')),
        ],
        nextLink: `${base}${MACHINES}?api-version=2024-03-01&page=2`,
      });
    });
    const found = await set.instances();
    const shared = { deleting: false, stopped: false };
    assert.deepEqual(found, [
      {
        ...shared,
        node: 'ebbtide-media_0',
        instanceId: '0',
        machine: 'vm-0',
        zone: '3',
        state: 'Succeeded, running',
      },
      {
        ...shared,
        node: 'ebbtide-media_1',
        instanceId: '1',
        machine: 'vm-1',
        zone: 'westeurope',
        state: 'Succeeded, deallocated',
        stopped: true,
      },
      {
        ...shared,
        node: 'ebbtide-media_2',
        instanceId: '2',
        machine: 'vm-2',
        zone: 'westeurope',
        state: 'Deleting',
        deleting: true,
      },
    ]);
  });

  for (const code of ['ResourceNotFound', 'ResourceGroupNotFound']) {
    it(`is not there where Azure says so: ${code}`, async () => {
      const set = await start(() => refusal(404, code));
      assert.equal(await set.instances(), undefined);
      assert.equal(await set.grows(), false);
    });
  }

  for (const [answer, what] of [
    [refusal(404, 'SubscriptionNotFound'), /SubscriptionNotFound/],
    [refusal(403, 'AuthorizationFailed'), /AuthorizationFailed/],
    [json(200, { value: [{ name: 'x' }] }), /the answer makes no sense/],
    [json(404, 'of something in between'), /404/],
  ] as const) {
    it(`is unknown after any other answer: ${what.source}`, async () => {
      const set = await start(() => answer);
      await assert.rejects(
        set.instances(),
        (error) => error instanceof AzureError && what.test(error.message),
      );
      await assert.rejects(set.grows());
    });
  }

  it('grows until its autoscale setting is off, of which all else stays as it is', async () => {
    let setting: Record<string, unknown> = {
      id: AUTOSCALE,
      location: 'westeurope',
      tags: { a: 'b' },
      properties: { enabled: true, profiles: [{ name: 'growth', rules: [] }] },
    };
    const before = structuredClone(setting);
    const set = await start(({ method, path, body }) => {
      assert.equal(path, AUTOSCALE);
      if (method === 'PUT') {
        const written = JSON.parse(body);
        assert.equal('id' in written, false, 'Azure takes nothing back that it alone says');
        setting = { id: AUTOSCALE, ...written };
      }
      return json(200, setting);
    });
    assert.equal(await set.grows(), true);
    await set.stopGrowing();
    assert.equal(await set.grows(), false);
    assert.deepEqual(setting, { ...before, properties: { ...Object(before.properties), enabled: false } });
  });

  const SET = MACHINES.replace('/virtualMachines', '');

  /** A set whose capacity others change between being read and being written, so often. */
  async function growing(capacity: number, others: number) {
    const state = { capacity, writes: 0 };
    const set = await start(({ method, path, headers, body }) => {
      assert.equal(path, SET);
      if (method === 'GET') {
        const answer = { sku: { name: 'x', capacity: state.capacity }, etag: `"${state.capacity}"` };
        if (others > 0) {
          others -= 1;
          state.capacity += 1;
        }
        return json(200, answer);
      }
      assert.equal(method, 'PATCH');
      if (headers['if-match'] !== `"${state.capacity}"`) return refusal(412, 'PreconditionFailed');
      state.writes += 1;
      const written = JSON.parse(body);
      assert.deepEqual(Object.keys(written), ['sku']);
      state.capacity = written.sku.capacity;
      return json(200, {});
    });
    return { set, state };
  }

  it('makes one more, and never over what others have changed meanwhile', async () => {
    const { set, state } = await growing(3, 2);
    assert.equal(await set.grow(7), true);
    assert.deepEqual(state, { capacity: 6, writes: 1 });
  });

  it('makes no more than the most that it may have', async () => {
    const { set, state } = await growing(7, 0);
    assert.equal(await set.grow(7), false);
    assert.equal(state.writes, 0);
  });

  it('says so where others change it again and again', async () => {
    const { set, state } = await growing(3, 99);
    await assert.rejects(set.grow(999), /PreconditionFailed/);
    assert.equal(state.writes, 0);
  });

  it('loses an instance by its id; one that is gone is no error', async () => {
    const asked: string[] = [];
    const set = await start(({ method, path }) => {
      asked.push(`${method} ${path}`);
      return asked.length === 1 ? { status: 202 } : refusal(404, 'NotFound');
    });
    const one = {
      node: 'n',
      instanceId: '7',
      machine: 'm',
      zone: '1',
      state: '',
      deleting: false,
      stopped: false,
    };
    await set.delete(one);
    await set.delete(one);
    assert.deepEqual(asked, [`DELETE ${MACHINES}/7`, `DELETE ${MACHINES}/7`]);
  });
});

describe('endpoints of Azure', () => {
  it("are Azure's own, unless the environment says otherwise", () => {
    assert.equal(managerEndpoint({}), 'https://management.azure.com');
    assert.equal(managerEndpoint({ AZURE_RESOURCE_MANAGER_ENDPOINT: 'http://x/arm/' }), 'http://x/arm');
    assert.equal(blobEndpoint('https://a.blob.core.windows.net/', {}), 'https://a.blob.core.windows.net');
    assert.equal(blobEndpoint('https://a', { AZURE_STORAGE_BLOB_ENDPOINT: 'http://x/a' }), 'http://x/a');
  });
});
