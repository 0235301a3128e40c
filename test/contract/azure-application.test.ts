import assert from 'node:assert/strict';
import * as v from 'valibot';
import { parse } from 'yaml';
import { createBlobClient, createBlobStore } from '../../fleet/azure/blob-store.ts';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { createScaleSet } from '../../fleet/azure/scale-set.ts';
import { accountSignature, sendSigned } from '../../fleet/azure/signed-blobs.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import type { Applied } from '../../lab/azure/apply.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { createLivingAzure } from '../../lab/azure/living.ts';
import type { AzureModel } from '../../lab/azure/model.ts';
import { readModel } from '../../lab/azure/read-model.ts';
import type { HttpReply } from '../../lab/cloud/http-front.ts';
import type { RecordedResource } from '../../lab/pulumi/resource.ts';
import type { RawRequest } from '../../lab/raw-request.ts';
import { connectAzure } from '../../node-agent/boot/azure-source.ts';
import { applyPool } from './support/azure/apply.ts';
import { startTwin, type TestTwin, type TestTwinOptions } from './support/azure/twin.ts';
import { until } from './support/quiet-run.ts';
import { type Exchange, readSwagger } from './support/specs/swagger.ts';

const MINUTE_MS = 60_000;

/** What a node finds in its place. */
function filesOf(cloudConfig: string): Map<string, string> {
  const { write_files: files } = parse(cloudConfig, { version: '1.1' });
  return new Map(files.map(({ path, content }: Record<string, string>) => [path, content]));
}

describe('the program of stacks/, applied to a twin Azure', () => {
  let applied: Applied;
  let world: TestTwin | undefined;

  before(async () => {
    applied = await applyPool();
  });
  afterEach(async () => {
    await world?.twin.close();
    world = undefined;
  });

  it('exports what this pool has, and nothing without a value, of which Pulumi would warn at each run', () => {
    const { address, ...outputs } = applied.outputs;
    assert.ok(address);
    assert.deepEqual(Object.keys(outputs).sort(), [
      'cloud',
      'group',
      'metrics',
      'network',
      'pool',
      'registry',
      'securityGroup',
      'template',
    ]);
  });

  async function start(options: TestTwinOptions = {}): Promise<TestTwin> {
    world = await startTwin(applied.model, { factor: 120, ...options });
    const { twin } = world;
    await until('one serves', () => twin.instances().some(({ standing }) => standing === 'serving'));
    return world;
  }

  it('is read whole: a set that only grows, with room for the drains, an alert that fires again, and a clock', () => {
    const { scaleSets, autoscaleSettings, alerts, jobSchedules, containers } = applied.model;
    assert.equal(scaleSets.length, 1);
    assert.match(scaleSets[0]?.customData ?? '', /^#cloud-config\n/);
    assert.deepEqual(
      autoscaleSettings.map(({ min, max, rules }) => [
        min,
        max,
        [...new Set(rules.map(({ direction }) => direction))],
      ]),
      [[1, 7, ['Increase']]],
    );
    assert.deepEqual(
      alerts.map(({ stateful, comparison }) => [stateful, comparison]),
      [[false, 'LessThan']],
    );
    assert.deepEqual(
      jobSchedules.map(({ everyMs, offsetMs }) => [everyMs / MINUTE_MS, offsetMs / MINUTE_MS]),
      [0, 15, 30, 45].map((minute) => [60, minute]),
    );
    assert.ok(containers.every(({ isPublic }) => !isPublic));
  });

  const ROOM: [what: string, pool: Record<string, unknown>, says: RegExp][] = [
    [
      'a size that the region does not have',
      { machineType: 'Standard_D4s_v3' },
      /ebbtide:pool\.machineType is "Standard_D4s_v3": azure-native:location, which is westeurope, does not have it/,
    ],
    [
      'more machines than the quota has',
      { min: 90, max: 200 },
      /the first 90 machines need 360 processors, and the quota "cores" of westeurope has 350 of 350 left/,
    ],
  ];
  for (const [what, pool, says] of ROOM) {
    it(`is not applied where it asks for ${what}`, async () => {
      await assert.rejects(applyPool({ pool: { name: 'media', ...pool } }), says);
    });
  }

  const OURS = { name: 'ebbtide-media', tags: { 'ebbtide-pool': 'media' } };

  it('keeps what there is where pool.max falls below it: autoscale enforces its maximum, and deletes', async () => {
    const there = { ...OURS, capacity: 6 };
    const small = { pool: { name: 'media', min: 1, max: 1 }, scaleIn: { maxDrains: 1 } };
    const { model } = await applyPool(small, { scaleSets: [there] });
    assert.equal(model.scaleSets[0]?.capacity, 6);
    world = await startTwin({ ...model, alerts: [], jobSchedules: [] }, { factor: 600, cpu: () => 45 });
    const { twin } = world;
    await until('autoscale has looked more than once', () => twin.now() > 3 * MINUTE_MS);
    assert.equal(twin.machines().filter(({ provisioning }) => provisioning !== 'Deleting').length, 6);
    // The same set under the maximum that the settings name.
    const settings = model.autoscaleSettings.map((each) => ({ ...each, max: 2 }));
    await twin.provision({ ...model, autoscaleSettings: settings });
    await until(
      'four of them go, unprotected as they are',
      () => twin.machines().filter(({ provisioning }) => provisioning === 'Deleting').length === 4,
    );
  });

  it('is not applied where another resource group has the pool, which would be deleted with its calls', async () => {
    const elsewhere = { ...OURS, resourceGroup: 'before', capacity: 3 };
    await assert.rejects(
      applyPool({}, { scaleSets: [elsewhere] }),
      /the resource group before has a pool of that name, whose scale set would be deleted with the calls that are on/,
    );
    const other = { ...elsewhere, tags: { 'ebbtide-pool': 'other' } };
    assert.equal((await applyPool({}, { scaleSets: [other] })).model.scaleSets[0]?.capacity, 1);
  });

  it('gives a node its own identity though somebody gives the set another one', async () => {
    const model = applied.model;
    const another = {
      id: '/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/monitoring',
      clientId: 'client-2',
      principalId: 'principal-2',
    };
    const scaleSets = model.scaleSets.map((set) => ({ ...set, identities: [another, ...set.identities] }));
    world = await startTwin({ ...model, scaleSets }, { factor: 120 });
    const { twin, machines, imds } = world;
    await until('one serves', () => twin.instances().some(({ standing }) => standing === 'serving'));
    const [name = '', machine] = [...machines][0] ?? [];
    const unnamed = await imds(
      name,
      'identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com/',
    );
    assert.equal(unnamed.status, 400);
    assert.match(unnamed.text, /Multiple user assigned identities exist/);
    const files = filesOf(scaleSets[0]?.customData ?? '');
    const told = JSON.parse(files.get('/etc/ebbtide/boot.json') ?? '');
    const { source } = v.parse(bootManifestSchema, told);
    const boot = connectAzure(source, machine?.spec.environment ?? {}, '/');
    assert.match(String([...(await boot.readSecrets(['secrets/wake-url'])).values()]), /^http/);
    const agent = files.get('/etc/ebbtide/templates/agent.json') ?? '';
    const identity = source.kind === 'azure' ? source.identity : undefined;
    assert.ok(agent.includes(`"identity": ${JSON.stringify(identity)}`), agent);
  });

  it('loses what starts the runbook by the clock when the runbook is written again, until that is made again', async () => {
    const { twin } = await start();
    const models: AzureModel[] = [];
    const hears = { ...twin, provision: async (model: AzureModel) => void models.push(model) };
    const living = createLivingAzure(hears, applied.model);
    const clocks = (resources: readonly RecordedResource[]) =>
      living.provision(resources).then(() => models.at(-1)?.jobSchedules.length);
    const resources: readonly RecordedResource[] = applied.resources;
    const written = resources.map((each) =>
      each.type === 'azure-native:automation:Runbook'
        ? { ...each, inputs: { ...each.inputs, description: 'Another' } }
        : each,
    );
    const isClock = ({ type }: RecordedResource) => type === 'azure-native:automation:JobSchedule';
    assert.deepEqual(
      [
        await clocks(resources),
        await clocks(written),
        await clocks(written),
        await clocks(written.filter((each) => !isClock(each))),
        await clocks(written),
      ],
      [4, 0, 0, 0, 4],
    );
  });

  it('gives everybody enough: the alert wakes the runbook, which protects the nodes and is refused nothing', async function () {
    if (!hasPython()) this.skip();
    const { twin } = await start({ cpu: () => 5, factor: 300 });
    const [job] = await until(
      'a job has ended',
      () => twin.jobs()[0]?.endedAt !== undefined && twin.jobs(),
      20_000,
    );
    assert.equal(job?.status, 'Completed', job?.lines.join('\n'));
    assert.equal(twin.machines()[0]?.protection?.protectFromScaleIn, true);
    assert.deepEqual(twin.refused(), []);
  });

  it('gives nodes no more than a mailbox, a status, what they boot from, and the address that wakes the runbook', async () => {
    const { twin } = await start();
    const [node] = applied.model.scaleSets[0]?.identities ?? [];
    const [account] = applied.model.accounts;
    const headers = (audience: string) => ({
      authorization: `Bearer ${twin.tokenOf(node?.principalId ?? '', audience)}`,
      'x-ms-version': '2023-11-03',
    });
    const statusOf = async (
      method: string,
      path: string,
      more: Record<string, string> = {},
      body?: string,
    ) => {
      const request = {
        method,
        headers: { ...headers('https://storage.azure.com'), ...more },
        ...(body && { body }),
      };
      return (await fetch(`${twin.endpoint}/blob/${account?.name}/${path}`, request)).status;
    };
    const put = { 'x-ms-blob-type': 'BlockBlob' };
    assert.deepEqual(
      [
        await statusOf('GET', 'secrets/wake-url'),
        await statusOf('PUT', 'statuses/n.json', put, '{}'),
        await statusOf('GET', 'decisions/n.json'),
        await statusOf('PUT', 'decisions/n.json', put, '{}'),
        await statusOf('GET', 'memory/scale-in.json'),
        await statusOf('PUT', 'software/agent', put, 'x'),
      ],
      [200, 201, 404, 403, 403, 403],
    );
    const set = applied.model.scaleSets[0]?.id;
    const seen = await fetch(`${twin.endpoint}${set}?api-version=2024-03-01`, {
      headers: { authorization: headers('https://management.azure.com').authorization },
    });
    assert.equal(seen.status, 403);
  });

  it('an operator’s hands on it: sees, stops the growth, reads and writes blobs by a signature, deletes', async function () {
    const exchanges: Exchange[] = [];
    const { twin } = await start({
      onExchange({ method, target, headers, body }: RawRequest, reply: HttpReply) {
        const answered = { headers: reply.headers, body: reply.body.toString() };
        exchanges.push({ method, target, headers, body: body.toString(), status: reply.status, answered });
      },
    });
    const { subscription: subscriptionId, accounts } = applied.model;
    const storage = accounts[0]?.name ?? '';
    const place = {
      subscriptionId,
      resourceGroup: 'ebbtide-media',
      group: 'ebbtide-media',
      autoscale: 'ebbtide-media',
      storage,
    };
    const token = async () => twin.operatorToken('https://management.azure.com/');
    const client = createAzureClient({ base: twin.endpoint, token, timeoutMs: 5_000 });
    const set = createScaleSet(client, place);
    const [instance] = (await set.instances()) ?? [];
    assert.ok(instance);
    assert.equal(await set.grows(), true);
    await set.stopGrowing();
    assert.equal(await set.grows(), false);
    const store = createBlobStore(
      createBlobClient({
        store: twin.environment().AZURE_STORAGE_BLOB_ENDPOINT ?? '',
        token: accountSignature(client, place, Date.now),
        timeoutMs: 5_000,
        send: sendSigned,
      }),
    );
    await store.put(`decisions/${instance.node}.json`, '{}');
    assert.equal((await store.get(`decisions/${instance.node}.json`))?.body, '{}');
    assert.equal(await store.get('statuses/none.json'), undefined);
    const keys: string[] = [];
    for await (const page of store.list('decisions/')) keys.push(...page.map(({ key }) => key));
    assert.deepEqual(keys, [`decisions/${instance.node}.json`]);
    await set.delete(instance);
    const { deleting } = (await set.instances())?.[0] ?? {};
    assert.equal(deleting, true);
    assert.deepEqual(twin.refused(), []);

    const swagger = await readSwagger([
      'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-03-01/virtualMachineScaleSet.json',
      'monitor/resource-manager/Microsoft.Insights/stable/2022-10-01/autoscale_API.json',
    ]);
    if (swagger === undefined) this.skip();
    const described = exchanges.filter(({ target }) => !target.includes('ListAccountSas'));
    const problems = await Promise.all(described.map((exchange) => swagger.problems(exchange)));
    assert.deepEqual(problems.flat(), []);
  });

  describe('is refused where the twin would leave something out', () => {
    const CHANGES: [
      what: string,
      type: string,
      change: (outputs: Record<string, unknown>) => void,
      says: RegExp,
    ][] = [
      [
        'upgrades by itself',
        'VirtualMachineScaleSet',
        (set) => {
          set.upgradePolicy = { mode: 'Automatic' };
        },
        /replaces no machine/,
      ],
      [
        'makes more than asked',
        'VirtualMachineScaleSet',
        (set) => {
          set.overprovision = true;
        },
        /makes none that it deletes/,
      ],
      [
        'scales by another metric',
        'AutoscaleSetting',
        (setting) => {
          setting.profiles = JSON.parse(
            JSON.stringify(setting.profiles).replaceAll('Percentage CPU', 'Network In'),
          );
        },
        /measures the processor only/,
      ],
      [
        'a role that nobody knows',
        'RoleAssignment',
        (assignment) => {
          assignment.roleDefinitionId = '/x/b24988ac-6180-42a0-ab88-20f7382dd24c';
        },
        /does not know/,
      ],
      [
        'a runbook’s text that asks for a token',
        'Runbook',
        (runbook) => {
          const link = Object(runbook.publishContentLink);
          runbook.publishContentLink = { ...link, uri: String(link.uri).split('?')[0] };
        },
        /may not read/,
      ],
      [
        'another text than its hash says',
        'Runbook',
        (runbook) => {
          runbook.publishContentLink = {
            ...Object(runbook.publishContentLink),
            contentHash: { algorithm: 'sha256', value: 'x' },
          };
        },
        /not the text/,
      ],
    ];
    for (const [what, type, change, says] of CHANGES) {
      it(what, () => {
        const resources: RecordedResource[] = applied.resources.map((resource) => ({
          ...resource,
          outputs: { ...resource.outputs },
        }));
        const meant = resources.find((resource) => resource.type.endsWith(`:${type}`));
        assert.ok(meant);
        change(meant.outputs);
        assert.throws(() => readModel(resources, applied.model), says);
      });
    }
  });
});
