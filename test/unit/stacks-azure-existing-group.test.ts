import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { azurePolicy } from '../../cli/rights/azure.ts';
import type { DescribedSet } from '../../fleet/azure/described-set.ts';
import { groupProblems, groupWarnings } from '../../stacks/azure/group-rules.ts';
import { settingsReader } from './read-settings.ts';
import { GOOD_AZURE, type ProgramRun, runUnderMocks, settingsOf } from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import { type LocalServer, startLocalServer } from './support/local-server.ts';
import { namesIn, ofType, promiseOf, strays } from './support/program-run.ts';

const GROUP = 'their-media';
const OF_GROUP = { pool: { name: 'media', existingGroup: GROUP }, azure: { resourceGroup: 'theirs' } };

describe('settings of an existing set on Azure', () => {
  const { read, errorsOf } = settingsReader(GOOD_AZURE);

  it('are a name, and the resource group that it is in', () => {
    assert.equal(read(OF_GROUP).settings.pool.existingGroup, GROUP);
  });

  for (const [what, given, key] of [
    [
      'a size',
      { ...OF_GROUP, pool: { ...OF_GROUP.pool, machineType: 'Standard_D2s_v5' } },
      'pool.machineType',
    ],
    [
      'a notice',
      { ...OF_GROUP, azure: { ...OF_GROUP.azure, terminateNotice: '5m' } },
      'azure.terminateNotice',
    ],
    ['no resource group', { ...OF_GROUP, azure: undefined }, 'azure.resourceGroup'],
  ] as const)
    it(`refuse ${what}`, () => {
      const [first = '', ...others] = errorsOf(given);
      assert.ok(first.startsWith(`ebbtide:${key} is `), first);
      assert.deepEqual(others, []);
    });
});

const AUTOSCALE = { name: 'a', enabled: true, profiles: [{ name: 'p', maximum: 99, shrinks: false }] };
const CALM: DescribedSet = {
  name: GROUP,
  location: 'westeurope',
  tags: {},
  orchestration: 'Uniform',
  upgrades: 'Manual',
  upgradesImages: false,
  overprovisions: false,
  repairs: false,
  priority: 'Regular',
  evictionPolicy: 'Deallocate',
  isTold: true,
  identities: [{ id: '/identities/one', principalId: 'p' }],
  autoscale: AUTOSCALE,
  seesEveryAutoscale: true,
};

describe('what of an existing set on Azure must not be', () => {
  const settings = settingsOf(settingsReader(GOOD_AZURE).read(OF_GROUP).settings, 'azure');
  const problemsOf = (changed: Partial<DescribedSet>) =>
    groupProblems({ ...CALM, location: settings.azureProvider.location, ...changed }, settings);

  it('is nothing of a set that ends no machine', () => {
    assert.deepEqual(problemsOf({}), []);
    assert.deepEqual(groupWarnings(CALM), []);
  });

  const profile = (of: Partial<(typeof AUTOSCALE.profiles)[number]>) => ({
    autoscale: { ...AUTOSCALE, profiles: [{ name: 'p', maximum: 99, shrinks: false, ...of }] },
  });
  const bad: [string, Partial<DescribedSet>, RegExp][] = [
    ['another pool', { tags: { 'ebbtide-pool': 'other' } }, /that of the pool other already/],
    ['elsewhere', { location: 'moon' }, /it is in moon/],
    ['flexible', { orchestration: 'Flexible' }, /orchestration mode is Flexible/],
    ['rolling', { upgrades: 'Rolling' }, /upgradePolicy.mode=Manual/],
    ['new images', { upgradesImages: true }, /enableAutomaticOSUpgrade=false/],
    ['repairs', { repairs: true }, /--enable-automatic-repairs false/],
    ['overprovisioning', { overprovisions: true }, /overprovision=false/],
    ['spot that is deleted', { priority: 'Spot', evictionPolicy: 'Delete' }, /eviction policy Delete/],
    ['no notice', { isTold: false }, /--enable-terminate-notification true/],
    ['nobody', { identities: [] }, /no identity/],
    ['several', { identities: [...CALM.identities, { id: '/x/two', principalId: 'q' }] }, /one, two/],
    ['rules that shrink it', profile({ shrinks: true }), /rules that shrink it/],
    ['a low maximum', profile({ maximum: 1 }), /lets it have 1 machines/],
  ];
  for (const [what, given, says] of bad)
    it(`is ${what}`, () => {
      const told = problemsOf(given).map((problem) => problem.says);
      assert.equal(told.length, 1, told.join('\n'));
      assert.match(told[0] ?? '', says);
    });

  it('is told where nothing makes it grow, and where Azure takes machines back', () => {
    assert.match(groupWarnings({ ...CALM, autoscale: undefined })[0]?.says ?? '', /no autoscale setting/);
    assert.match(groupWarnings({ ...CALM, priority: 'Spot' })[0]?.says ?? '', /30 seconds/);
  });
});

const SET_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/theirs/providers/Microsoft.Compute/virtualMachineScaleSets/${GROUP}`;
const IDENTITY = `/subscriptions/${SUBSCRIPTION}/resourceGroups/theirs/providers/Microsoft.ManagedIdentity/userAssignedIdentities/their-nodes`;
const THEIRS = {
  name: GROUP,
  location: 'westeurope',
  identity: { userAssignedIdentities: { [IDENTITY]: { principalId: 'principal of theirs' } } },
  properties: {
    orchestrationMode: 'Uniform',
    upgradePolicy: { mode: 'Manual' },
    overprovision: false,
    virtualMachineProfile: {
      scheduledEventsProfile: { terminateNotificationProfile: { enable: true } },
    },
  },
};
const THEIR_AUTOSCALE = {
  name: 'their-growth',
  properties: {
    targetResourceUri: SET_ID,
    profiles: [{ name: 'all', capacity: { maximum: '20' }, rules: [] }],
  },
};

describe('the Azure pool of an existing scale set', () => {
  let manager: LocalServer;
  let theirs: object | undefined = THEIRS;
  let made: ProgramRun;
  const answers = { 'azure-native:authorization:getClientToken': () => ({ token: 't' }) };
  const run = (preview = false) =>
    runUnderMocks({ preview, answers, settings: { ...GOOD_AZURE, ...OF_GROUP } });

  before(async () => {
    manager = await startLocalServer(({ path }) => {
      if (path.endsWith('/autoscalesettings'))
        return { status: 200, body: JSON.stringify({ value: [THEIR_AUTOSCALE] }) };
      if (theirs !== undefined) return { status: 200, body: JSON.stringify(theirs) };
      return { status: 404, body: JSON.stringify({ error: { code: 'ResourceNotFound' } }) };
    });
    process.env.AZURE_RESOURCE_MANAGER_ENDPOINT = manager.url;
    made = await run();
  });
  after(async () => {
    delete process.env.AZURE_RESOURCE_MANAGER_ENDPOINT;
    await manager?.close();
  });

  it('makes no set, no autoscale setting, no network, and nobody for the nodes', () => {
    const types = new Set(made.resources.map(({ type }) => type));
    for (const own of [
      'compute:VirtualMachineScaleSet',
      'monitor:AutoscaleSetting',
      'network:VirtualNetwork',
      'network:NetworkSecurityGroup',
      'resources:ResourceGroup',
    ])
      assert.ok(!types.has(`azure-native:${own}`), own);
    const somebody = made.resources.filter(({ type }) => type.endsWith(':UserAssignedIdentity'));
    assert.deepEqual(somebody.map(({ inputs }) => inputs.resourceName).sort(), [
      'ebbtide-media-runbook',
      'ebbtide-media-wake',
    ]);
    assert.deepEqual(strays(made, 'azure-native', 'azure-native::azure'), []);
    for (const { name, inputs } of made.resources)
      if ('resourceGroupName' in inputs) assert.equal(inputs.resourceGroupName, 'theirs', name);
  });

  it('is the same at preview', async () => {
    assert.deepEqual(namesIn(await run(true)), namesIn(made));
  });

  it('lets the runbook tend that set alone, and its machines do what a node may', () => {
    const given = ofType(made, 'azure-native:authorization:RoleAssignment').map(({ inputs }) => inputs);
    const onSets = given.filter(({ scope }) => String(scope).includes('/virtualMachineScaleSets/'));
    assert.deepEqual(
      onSets.map(({ scope, principalId }) => [scope, principalId]),
      [[SET_ID, 'principal of ebbtide-media-runbook']],
    );
    const ofNodes = given.filter(({ principalId }) => principalId === 'principal of theirs');
    assert.deepEqual(ofNodes.map(({ scope }) => String(scope).split('/').at(-1)).sort(), [
      'decisions',
      'secrets',
      'software',
      'statuses',
    ]);
  });

  it('notes how it was, borrows it, and parts from it on destroy', () => {
    for (const type of ['NotedGroup', 'BorrowedGroup'])
      assert.equal(Object(made.one(`pulumi-nodejs:dynamic/ebbtide:${type}`).inputs.place).group, GROUP);
    const { inputs } = made.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep');
    assert.deepEqual([inputs.code, inputs.group], ['azure/run-parting.ts', GROUP]);
  });

  it('tells the script, its snippet, and what to add', async () => {
    const { nodeScript, nodeUserData, toAdd, group } = made.outputs;
    assert.ok(nodeScript && nodeUserData && toAdd);
    const script = await promiseOf(nodeScript);
    execFileSync('bash', ['-n'], { input: script });
    const snippet = await promiseOf(nodeUserData);
    execFileSync('bash', ['-n'], { input: snippet });
    assert.ok(snippet.includes(createHash('sha256').update(script).digest('hex')), 'pinned by its sum');
    const stored = made.one('azure-native:storage:Blob', 'media-node-script').inputs;
    assert.ok(snippet.includes(`software/${stored.blobName}`));
    assert.ok(snippet.includes(`msi_res_id=${encodeURIComponent(IDENTITY)}`), 'as that identity');
    assert.match((await promiseOf(toAdd)).join('\n'), /Never shrink the set by its capacity/);
    assert.equal(await promiseOf(group), GROUP);
  });

  it('prints narrow rights for that set', async () => {
    const address = await promiseOf(made.outputs.address);
    assert.ok(address.cloud === 'azure');
    assert.equal(address.group, GROUP);
    const { steps } = azurePolicy(address, 'roll');
    const scopes = steps.flatMap((step) => /--scope (\S+)/.exec(step)?.[1]?.replaceAll("'", '') ?? []);
    assert.deepEqual(scopes, [
      SET_ID,
      SET_ID.replace(/Microsoft.*/, `Microsoft.Storage/storageAccounts/${address.storage}`),
    ]);
  });

  it('is refused at preview where there is none, or where it would cut calls', async () => {
    try {
      theirs = undefined;
      await assert.rejects(run(true), /no such scale set in ebbtide:azure.resourceGroup, which is theirs/);
      theirs = {
        ...THEIRS,
        properties: { ...THEIRS.properties, upgradePolicy: { mode: 'Rolling' }, overprovision: true },
      };
      await assert.rejects(run(true), /2 settings are wrong:[\s\S]*Rolling[\s\S]*overprovisioned/);
      theirs = { nothing: 'of Azure' };
      await assert.rejects(run(true), /it cannot be read in theirs, and nothing is done before it is/);
    } finally {
      theirs = THEIRS;
    }
  });
});
