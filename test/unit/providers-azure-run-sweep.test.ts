import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runSweep, type SweepState } from '../../providers/azure/run-sweep.ts';
import { NOW, statusOf } from './support/fleet.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from './support/local-server.ts';

const NODE = 'ebbtide-media_3';
const STATE: SweepState = {
  pool: 'media',
  group: 'ebbtide-media',
  autoscale: 'ebbtide-media',
  resourceGroup: 'rg',
  storage: 'ebbtide1',
  store: 'https://ebbtide1.blob.core.windows.net',
  location: 'westeurope',
  subscriptionId: 's-1',
};
const SIGNATURE = 'sv=1&sig=a%2Fb%3D';

/** As much of Azure as a sweep that refuses asks. */
describe('the sweep of Azure, as `pulumi destroy` runs it', () => {
  let server: LocalServer;
  let hasSet: boolean;
  let asked: string[];
  let wrong: string[];

  beforeEach(async () => {
    hasSet = true;
    asked = [];
    wrong = [];
    server = await startLocalServer((request) =>
      request.path.startsWith('/arm/') ? arm(request) : blob(request),
    );
  });
  afterEach(() => server.close());

  const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) });

  function arm({ method, path, headers }: ReceivedRequest): Answer {
    if (headers.authorization !== 'Bearer given') wrong.push(`${path}: ${headers.authorization}`);
    asked.push(`${method} ${path.split('/').at(-1)}`);
    if (path.endsWith('/ListAccountSas')) return json(200, { accountSasToken: SIGNATURE });
    if (!hasSet) return json(404, { error: { code: 'ResourceNotFound', message: 'no' } });
    if (path.includes('autoscaleSettings')) return json(200, { properties: { enabled: true } });
    const properties = { vmId: 'VM-3', provisioningState: 'Succeeded' };
    return json(200, { value: [{ name: NODE, instanceId: '3', location: 'westeurope', properties }] });
  }

  function blob({ path, url, headers }: ReceivedRequest): Answer {
    if (url.searchParams.get('sig') !== 'a/b=' || headers.authorization !== undefined) wrong.push(path);
    const date = new Date(NOW).toUTCString();
    if (url.searchParams.get('comp') === 'list') {
      const listed =
        path === '/blob/statuses'
          ? `<Blob><Name>${NODE}.json</Name><Properties><Last-Modified>${date}</Last-Modified></Properties></Blob>`
          : '';
      return {
        status: 200,
        headers: { date },
        body: `<?xml version="1.0"?><EnumerationResults><Blobs>${listed}</Blobs><NextMarker/></EnumerationResults>`,
      };
    }
    const status = statusOf(NODE, { machine: 'vm-3', cloud: 'azure', work: { rooms: 1, people: 2 } });
    return { status: 200, headers: { date, 'last-modified': date }, body: JSON.stringify(status) };
  }

  const run = () =>
    runSweep(STATE, undefined, {
      AZURE_ACCESS_TOKEN: 'given',
      AZURE_RESOURCE_MANAGER_ENDPOINT: `${server.url}/arm`,
      AZURE_STORAGE_BLOB_ENDPOINT: `${server.url}/blob`,
    });

  it('refuses while a call is on, having changed nothing', async () => {
    await assert.rejects(run(), (error: Error) => {
      assert.match(error.message, /calls are on 1 of its 1 nodes/);
      assert.match(error.message, /ebbtide-media_3 \(westeurope, Succeeded\): serving, 1 rooms, 2 people/);
      return true;
    });
    assert.deepEqual(wrong, []);
    assert.deepEqual(
      asked.filter((what) => !what.startsWith('GET')),
      ['POST ListAccountSas'],
    );
  });

  it('is done where nothing is', async () => {
    hasSet = false;
    await run();
    assert.deepEqual(wrong, []);
  });

  it('says what is wrong where it may not look', async () => {
    const environment = {
      AZURE_ACCESS_TOKEN: 'other',
      AZURE_RESOURCE_MANAGER_ENDPOINT: 'http://127.0.0.1:9',
    };
    await assert.rejects(
      runSweep(STATE, 'refuse', environment),
      /cannot be read\. Nothing has been destroyed/,
    );
    await assert.rejects(runSweep(STATE, 'perhaps', environment), /ebbtide:onDestroy must be refuse or cut/);
  });
});
