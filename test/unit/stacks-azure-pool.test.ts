import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Provider } from '@pulumi/azure-native/provider.js';
import * as pulumi from '@pulumi/pulumi';
import * as v from 'valibot';
import { parse } from 'yaml';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { scaleInSettingsSchema } from '../../fleet/azure-function-settings.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { poolAddressSchema } from '../../fleet/pool-address.ts';
import { defaultImage } from '../../stacks/azure/machine.ts';
import { azureNames } from '../../stacks/azure/names.ts';
import { nodeModel } from '../../stacks/azure/node-model.ts';
import { AzurePool } from '../../stacks/azure/pool.ts';
import { type Bundle, createBundler } from '../../stacks/bundle.ts';
import { isoDuration } from '../../stacks/iso-duration.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import { packUserData, renderUserData } from '../../stacks/user-data.ts';
import { RUNBOOK as RUNBOOK_TEXT } from '../support/runbook.ts';
import {
  configValues,
  GOOD_AZURE,
  optionsOfResources,
  type ProgramRun,
  runUnderMocks,
  settingsOf,
} from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from './support/local-server.ts';
import { namesIn, ofType, promiseOf, strays, toldBy } from './support/program-run.ts';

const ROLE = 'azure-native:authorization:RoleDefinition';
const ASSIGNMENT = 'azure-native:authorization:RoleAssignment';
const IDENTITY = 'azure-native:managedidentity:UserAssignedIdentity';
const SET = 'azure-native:compute:VirtualMachineScaleSet';
const BLOB = 'azure-native:storage:Blob';
const RUNBOOK = 'azure-native:automation:Runbook';
const SCHEDULED = 'azure-native:automation:JobSchedule';
const EACH_HOUR = 'media-scale-in-at-00';
const WORKFLOW = 'azure-native:logic:Workflow';
const AUTOSCALE = 'azure-native:monitor:AutoscaleSetting';
const METRIC_ALERT = 'azure-native:monitor:MetricAlert';
const ACTION_GROUP = 'azure-native:monitor:ActionGroup';
const FIREWALL = 'azure-native:network:NetworkSecurityGroup';
const NAMES = azureNames('media', { subscriptionId: SUBSCRIPTION, resourceGroup: 'ebbtide-media' });

const TOKEN = { 'azure-native:authorization:getClientToken': () => ({ token: 't' }) };

const run = (settings: Record<string, unknown> = {}, options: Parameters<typeof runUnderMocks>[0] = {}) =>
  runUnderMocks({
    ...options,
    answers: { ...TOKEN, ...options.answers },
    settings: { ...GOOD_AZURE, ...settings },
  });

const SETS = '/providers/Microsoft.Compute/virtualMachineScaleSets';
const listed = (...value: object[]): Answer => ({ status: 200, body: JSON.stringify({ value }) });
/** A resource manager that tells of no scale set, and of nothing else. */
const nothingThere = ({ path }: ReceivedRequest): Answer =>
  path.endsWith(SETS) ? listed() : { status: 503, body: '' };

/** What an identity may do: on what, and which actions. */
function rightsOf(of: ProgramRun, who: string): [string, string[]][] {
  return ofType(of, ASSIGNMENT)
    .filter(({ inputs }) => inputs.principalId === `principal of ebbtide-media-${who}`)
    .map(({ inputs }): [string, string[]] => {
      const role = ofType(of, ROLE).find(({ name }) => `${name}-id` === inputs.roleDefinitionId);
      const [permission] = v.parse(v.array(v.looseObject({})), role?.inputs.permissions);
      const { actions, dataActions, notActions, notDataActions } = Object(permission);
      assert.deepEqual([notActions, notDataActions], [[], []]);
      return [String(inputs.scope), [...actions, ...dataActions]];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const READ = [`${BLOBS}/read`];
const WRITE = [`${BLOBS}/read`, `${BLOBS}/write`];

/** What the runbook is told by a job. */
function toldTo(parameters: unknown) {
  const { '[PARAMETER 1]': told, ...others } = Object(parameters);
  assert.deepEqual(others, {});
  return v.parse(scaleInSettingsSchema, JSON.parse(Buffer.from(told, 'base64').toString()));
}

describe('the Azure pool', () => {
  let made: ProgramRun;
  let manager: LocalServer;
  let managerSays: (request: ReceivedRequest) => Answer = nothingThere;
  before(async () => {
    manager = await startLocalServer((request) => managerSays(request));
    process.env.AZURE_RESOURCE_MANAGER_ENDPOINT = manager.url;
    made = await run();
  });
  afterEach(() => {
    managerSays = nothingThere;
  });
  after(async () => {
    delete process.env.AZURE_RESOURCE_MANAGER_ENDPOINT;
    await manager.close();
  });

  it('makes everything with the one explicit provider, in one region and group, labelled', () => {
    const { inputs } = made.one('pulumi:providers:azure-native');
    assert.equal(inputs.subscriptionId, SUBSCRIPTION);
    assert.equal(inputs.location, 'westeurope');
    assert.deepEqual(strays(made, 'azure-native', 'azure-native::azure'), []);
    for (const { name, inputs } of made.resources) {
      if ('resourceGroupName' in inputs) assert.equal(inputs.resourceGroupName, 'ebbtide-media', name);
      if ('tags' in inputs) assert.deepEqual(inputs.tags, { 'ebbtide-pool': 'media' }, name);
      if ('location' in inputs) assert.match(String(inputs.location), /^(westeurope|global)$/i, name);
    }
  });

  it('registers the same at preview, when nothing is known yet', async () => {
    const preview = await run({}, { preview: true });
    assert.deepEqual(namesIn(preview), namesIn(made));
  });

  it('is the same, GUIDs too, each time: an update changes nothing that did not change', async () => {
    const again = await run();
    const plain = (of: ProgramRun) =>
      of.resources
        .map(({ type, name, inputs }) => {
          const { startTime: _, virtualMachineProfile, ...rest } = inputs;
          const { osProfile, ...profile } = Object(virtualMachineProfile ?? {});
          const { linuxConfiguration: __, ...os } = Object(osProfile ?? {});
          return { type, name, inputs: { ...rest, profile, os } };
        })
        .sort((a, b) => (a.type + a.name < b.type + b.name ? -1 : 1));
    assert.deepEqual(plain(again), plain(made));
  });

  it('tells where its things are', async () => {
    const { address, ...told } = await toldBy(made);
    const known = v.parse(poolAddressSchema, address);
    assert.equal(known.cloud, 'azure');
    assert.equal(known.template, told.template);
    assert.match(String(told.template), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      template: told.template,
      cloud: 'azure',
      pool: 'media',
      group: 'ebbtide-media',
      registry: `https://${NAMES.storage}.blob.core.windows.net`,
      network: 'media-network-id',
      securityGroup: 'media-network-firewall-id',
      metrics: 'media-alerts-logs-id',
    });
  });

  it('uses a resource group that is there, and makes none', async () => {
    const there = await run({ azure: { resourceGroup: 'shared' } });
    assert.deepEqual(ofType(there, 'azure-native:resources:ResourceGroup'), []);
    assert.equal(there.one(SET).inputs.resourceGroupName, 'shared');
    assert.equal(
      there.one(ROLE, 'media-roles-read-blobs').inputs.scope,
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/shared`,
    );
  });

  describe('rights', () => {
    it('of a node: its containers, and no control over anything at all', () => {
      assert.deepEqual(rightsOf(made, 'node'), [
        [NAMES.container('decisions'), READ],
        [NAMES.container('secrets'), READ],
        [NAMES.container('software'), READ],
        [NAMES.container('statuses'), WRITE],
      ]);
    });

    it('of the runbook: to see, protect and delete nodes of that set; statuses, decisions and its memory', () => {
      const set = 'Microsoft.Compute/virtualMachineScaleSets';
      assert.deepEqual(rightsOf(made, 'runbook'), [
        [NAMES.container('decisions'), WRITE],
        [NAMES.container('memory'), WRITE],
        [NAMES.container('statuses'), READ],
        [
          'media-set-id',
          [
            `${set}/read`,
            `${set}/virtualMachines/read`,
            `${set}/virtualMachines/instanceView/read`,
            `${set}/virtualMachines/write`,
            `${set}/virtualMachines/delete`,
          ],
        ],
      ]);
    });

    it('of what wakes it: to start jobs of that account', () => {
      const jobs = 'Microsoft.Automation/automationAccounts/jobs';
      assert.deepEqual(rightsOf(made, 'wake'), [['media-scale-in-id', [`${jobs}/read`, `${jobs}/write`]]]);
    });

    it('are given to nobody else, by roles that are all of the pool, and named by GUIDs of their own', () => {
      const identities = ofType(made, IDENTITY).map(({ inputs }) => inputs.resourceName);
      assert.deepEqual(identities.sort(), [
        'ebbtide-media-node',
        'ebbtide-media-runbook',
        'ebbtide-media-wake',
      ]);
      const given = ofType(made, ASSIGNMENT);
      const roles = ofType(made, ROLE);
      for (const { inputs } of given) {
        assert.equal(inputs.principalType, 'ServicePrincipal');
        assert.ok(identities.includes(String(inputs.principalId).replace('principal of ', '')));
        assert.ok(
          roles.some(({ name }) => `${name}-id` === inputs.roleDefinitionId),
          'a role of Azure',
        );
      }
      const guids = [
        ...given.map(({ inputs }) => String(inputs.roleAssignmentName)),
        ...roles.map(({ inputs }) => String(inputs.roleDefinitionId)),
      ];
      assert.equal(new Set(guids).size, given.length + roles.length);
      for (const guid of guids)
        assert.match(guid, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.doesNotMatch(JSON.stringify(roles), /\*/);
    });

    it('differ by name and GUID for another pool, group or subscription', () => {
      const places = [
        azureNames('media', { subscriptionId: SUBSCRIPTION, resourceGroup: 'a' }),
        azureNames('media', { subscriptionId: SUBSCRIPTION, resourceGroup: 'b' }),
        azureNames('other', { subscriptionId: SUBSCRIPTION, resourceGroup: 'a' }),
        azureNames('media', { subscriptionId: SUBSCRIPTION.replaceAll('1', '9'), resourceGroup: 'a' }),
      ];
      const told = places.map((names) => [names.storage, names.guid('role', 'x'), names.roleName('x')]);
      for (const index of [0, 1, 2]) assert.equal(new Set(told.map((each) => each[index])).size, 4);
    });
  });

  it('keeps its store private, a container for each that has rights of its own, free of old statuses', () => {
    const account = made.one('azure-native:storage:StorageAccount').inputs;
    assert.equal(account.allowBlobPublicAccess, false);
    assert.equal(account.enableHttpsTrafficOnly, true);
    assert.equal(account.minimumTlsVersion, 'TLS1_2');
    assert.match(String(account.accountName), /^[a-z0-9]{3,24}$/);
    assert.deepEqual(
      ofType(made, 'azure-native:storage:BlobContainer').map(({ inputs }) => [
        inputs.containerName,
        inputs.publicAccess,
      ]),
      ['statuses', 'decisions', 'memory', 'software', 'secrets'].map((name) => [name, 'None']),
    );
    const { rules } = Object(made.one('azure-native:storage:ManagementPolicy').inputs.policy);
    assert.deepEqual(
      rules.map(({ definition }: { definition: { filters: object; actions: object } }) => definition),
      [
        [7, 'statuses/'],
        [30, 'decisions/'],
      ].map(([days, prefix]) => ({
        filters: { blobTypes: ['blockBlob'], prefixMatch: [prefix] },
        actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } },
      })),
    );
  });

  it('keeps secrets secret, where nodes alone read', () => {
    const secrets = ofType(made, BLOB).filter(({ inputs }) => inputs.containerName === 'secrets');
    assert.deepEqual(
      secrets.map(({ inputs, secrets: names }) => [inputs.blobName, names]),
      ['keys', 'redis', 'wake-url'].map((name) => [name, ['source']]),
    );
    const others = made.resources.filter(
      ({ type, secrets: names }) => type !== ACTION_GROUP || names.length === 0,
    );
    assert.doesNotMatch(JSON.stringify(others), /ssssssss|10\.0\.0\.5|sig=secret/);
    assert.deepEqual(made.one(ACTION_GROUP).secrets, ['logicAppReceivers']);
  });

  it('makes nodes that nobody can log in to, and a set that nothing shrinks', () => {
    const { virtualMachineProfile, ...inputs } = made.one(SET).inputs;
    assert.deepEqual(inputs, {
      resourceGroupName: 'ebbtide-media',
      vmScaleSetName: 'ebbtide-media',
      location: 'westeurope',
      tags: { 'ebbtide-pool': 'media' },
      orchestrationMode: 'Uniform',
      sku: { name: 'Standard_D4s_v5', tier: 'Standard', capacity: 1 },
      overprovision: false,
      singlePlacementGroup: false,
      platformFaultDomainCount: 1,
      upgradePolicy: { mode: 'Manual' },
      scaleInPolicy: { rules: ['NewestVM'], forceDeletion: false },
      identity: { type: 'UserAssigned', userAssignedIdentities: ['media-node-id'] },
    });
    const { osProfile, ...profile } = Object(virtualMachineProfile);
    const { linuxConfiguration, customData: _, ...os } = osProfile;
    assert.deepEqual(os, { computerNamePrefix: 'ebbtide-media', adminUsername: 'ebbtide' });
    assert.equal(linuxConfiguration.disablePasswordAuthentication, true);
    const [key] = linuxConfiguration.ssh.publicKeys;
    assert.match(key.keyData, /^ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ[A-Za-z0-9+/=]+ nobody$/);
    assert.deepEqual(profile, {
      priority: 'Regular',
      storageProfile: {
        imageReference: { publisher: 'Debian', offer: 'debian-13', sku: '13-gen2', version: 'latest' },
        osDisk: {
          createOption: 'FromImage',
          caching: 'ReadWrite',
          diskSizeGB: 30,
          managedDisk: { storageAccountType: 'StandardSSD_LRS' },
        },
      },
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nodes',
            primary: true,
            enableAcceleratedNetworking: true,
            networkSecurityGroup: { id: 'media-network-firewall-id' },
            ipConfigurations: [
              {
                name: 'nodes',
                primary: true,
                subnet: { id: 'media-network-id/subnets/nodes' },
                publicIPAddressConfiguration: {
                  name: 'nodes',
                  sku: { name: 'Standard', tier: 'Regional' },
                  idleTimeoutInMinutes: 15,
                },
              },
            ],
          },
        ],
      },
      scheduledEventsProfile: {
        terminateNotificationProfile: { enable: true, notBeforeTimeout: 'PT15M' },
      },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    });
  });

  it('makes a set as the operator wants it', async () => {
    const id = `/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v`;
    const image = `/subscriptions/${SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/media`;
    const own = await run({
      pool: {
        name: 'media',
        machineType: 'Standard_F8s_v2',
        image,
        diskGb: 64,
        zones: ['1', '3'],
        initial: 2,
      },
      network: { id, subnets: [`${id}/subnets/media`] },
      azure: {
        publicAddresses: false,
        acceleratedNetworking: false,
        diskType: 'Premium_LRS',
        terminateNotice: '5m',
        tags: { team: 'av' },
      },
    });
    const set = own.one(SET).inputs;
    assert.deepEqual(set.sku, { name: 'Standard_F8s_v2', tier: 'Standard', capacity: 2 });
    assert.deepEqual([set.zones, set.zoneBalance], [['1', '3'], false]);
    assert.deepEqual(set.tags, { team: 'av', 'ebbtide-pool': 'media' });
    const { storageProfile, networkProfile, scheduledEventsProfile } = Object(set.virtualMachineProfile);
    assert.deepEqual(storageProfile.imageReference, { id: image });
    assert.equal(storageProfile.osDisk.managedDisk.storageAccountType, 'Premium_LRS');
    assert.equal(scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout, 'PT5M');
    const [nic] = networkProfile.networkInterfaceConfigurations;
    assert.equal(nic.enableAcceleratedNetworking, false);
    assert.deepEqual(nic.ipConfigurations, [
      { name: 'nodes', primary: true, subnet: { id: `${id}/subnets/media` } },
    ]);
    assert.deepEqual(ofType(own, 'azure-native:network:VirtualNetwork'), []);
  });

  it('opens media and signalling, the whole range of ports, and nothing else', async () => {
    const rules = (of: ProgramRun) =>
      Object(of.one(FIREWALL).inputs.securityRules).map(
        ({ access, protocol, destinationPortRange, sourceAddressPrefixes, sourceAddressPrefix }: never) => [
          access,
          protocol,
          destinationPortRange,
          sourceAddressPrefixes ?? sourceAddressPrefix,
        ],
      );
    const rest = ['Deny', '*', '*', 'VirtualNetwork'];
    const ranged = await run({ media: { ...Object(GOOD_AZURE.media), ports: { rtcUdp: '7882-7892' } } });
    assert.deepEqual(rules(ranged), [
      ['Allow', 'Tcp', '7880', ['0.0.0.0/0']],
      ['Allow', 'Tcp', '7881', ['0.0.0.0/0']],
      ['Allow', 'Udp', '7882-7892', ['0.0.0.0/0']],
      rest,
    ]);
    const narrow = await run({ network: { signalFrom: [], mediaFrom: [], healthFrom: ['10.0.0.0/8'] } });
    assert.deepEqual(rules(narrow), [['Allow', 'Tcp', '9876', ['10.0.0.0/8']], rest]);
    const priorities = Object(narrow.one(FIREWALL).inputs.securityRules).map(
      ({ priority }: { priority: number }) => priority,
    );
    assert.equal(new Set(priorities).size, priorities.length);
  });

  describe('growth', () => {
    const profileOf = (of: ProgramRun) => Object(of.one(AUTOSCALE).inputs.profiles)[0];

    it('has rules that grow the set only, and room for those that drain', () => {
      const { capacity, rules } = profileOf(made);
      assert.deepEqual(capacity, { minimum: '1', maximum: '6', default: '1' });
      assert.deepEqual(
        rules.map(
          ({ metricTrigger: { statistic, operator, threshold, timeWindow }, scaleAction }: never) => ({
            statistic,
            operator,
            threshold,
            timeWindow,
            ...Object(scaleAction),
          }),
        ),
        [
          ['Average', 50, 'PT2M'],
          ['Max', 75, 'PT15M'],
        ].map(([statistic, threshold, cooldown]) => ({
          statistic,
          operator: 'GreaterThan',
          threshold,
          timeWindow: 'PT5M',
          direction: 'Increase',
          type: 'ChangeCount',
          value: '1',
          cooldown,
        })),
      );
    });

    const READ_SET = 'azure-native:compute:getVirtualMachineScaleSet';
    const thereAre = (...capacities: number[]) => ({
      answers: {
        [READ_SET]: () => ({
          tags: { 'ebbtide-pool': 'media' },
          sku: { capacity: capacities.length > 1 ? capacities.shift() : capacities[0] },
        }),
      },
    });

    it('never has a maximum below what there is: Azure would delete what is beyond it', async () => {
      const small = { pool: { name: 'media', max: 2 }, scaleIn: { maxDrains: 1 } };
      const maximumOf = async (...capacities: number[]) =>
        profileOf(await run(small, thereAre(...capacities))).capacity.maximum;
      assert.deepEqual(
        [await maximumOf(2), await maximumOf(3), await maximumOf(4), await maximumOf(40)],
        ['3', '3', '4', '40'],
      );
      // Nor below what has come while the rest was made.
      assert.equal(await maximumOf(4, 5, 6), '6');
    });

    it('takes bigger steps in a bigger pool, and waits by the fullest for longer than the runbook needs', async () => {
      const big = await run({
        pool: { name: 'media', min: 10, max: 200 },
        scaling: { target: 80, lowFor: '1h', warmUp: '10s' },
      });
      const [mean, fullest] = profileOf(big).rules;
      assert.deepEqual([mean.scaleAction.value, mean.scaleAction.cooldown], ['20', 'PT1M']);
      assert.deepEqual([fullest.scaleAction.value, fullest.scaleAction.cooldown], ['1', 'PT65M']);
      assert.equal(fullest.metricTrigger.threshold, 90);
    });

    it('is left to the operator where they say so, and no load is watched', async () => {
      const none = await run({ scaling: { kind: 'none' } });
      assert.deepEqual([...ofType(none, AUTOSCALE), ...ofType(none, ACTION_GROUP)], []);
      assert.deepEqual(
        ofType(none, METRIC_ALERT).map(({ name }) => name),
        ['media-alerts-jobs-fail'],
      );
      assert.equal(toldTo(none.one(SCHEDULED, EACH_HOUR).inputs.parameters).targetCpu, undefined);
    });
  });

  describe('its size', () => {
    const READ_SET = 'azure-native:compute:getVirtualMachineScaleSet';
    const found = (capacity: number | undefined, pool = 'media') => ({
      answers: { [READ_SET]: () => ({ tags: { 'ebbtide-pool': pool }, sku: { capacity } }) },
    });

    it('is what it has grown or shrunk to, whatever it was at first', async () => {
      const grown = await run({ pool: { name: 'media', initial: 2 } }, found(4));
      assert.equal(Object(grown.one(SET).inputs.sku).capacity, 4);
      const shrunk = await run({}, found(0));
      assert.equal(Object(shrunk.one(SET).inputs.sku).capacity, 0);
    });

    it('is what it is when the set is written, not what it was when the program began', async () => {
      const capacities = [4, 6];
      const answers = {
        [READ_SET]: () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: capacities.shift() ?? 6 } }),
      };
      assert.equal(Object((await run({}, { answers })).one(SET).inputs.sku).capacity, 6);
      const untold = [4, undefined];
      const silent = {
        [READ_SET]: () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: untold.shift() } }),
      };
      await assert.rejects(
        run({}, { answers: silent }),
        /scale set ebbtide-media does not say how many instances/,
      );
    });

    const refusals: [string, () => Record<string, unknown>, RegExp][] = [
      [
        'is not told',
        found(undefined).answers[READ_SET] ?? (() => ({})),
        /scale set ebbtide-media does not say how many instances/,
      ],
      [
        "is another pool's",
        found(1, 'other').answers[READ_SET] ?? (() => ({})),
        /ebbtide:pool\.name is "media": the resource group ebbtide-media has a scale set ebbtide-media already/,
      ],
      [
        'would be of another set, in other zones',
        () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: 2 }, zones: ['1'] }),
        /ebbtide:pool\.zones names none: the scale set of the pool media has 1, and would be deleted, with the calls/,
      ],
      [
        'would be of another set, in another region',
        () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: 2 }, location: 'North Europe' }),
        /azure-native:location is "westeurope": the pool media is in northeurope, and would be deleted there/,
      ],
      ...['AuthorizationFailed', 'SubscriptionNotFound: the subscription was not found'].map(
        (reason): [string, () => Record<string, unknown>, RegExp] => [
          `cannot be read: ${reason}`,
          () => {
            throw new Error(reason);
          },
          new RegExp(
            `^Error: azure-native:subscriptionId is "${SUBSCRIPTION}": what is there cannot be read\\. .*${reason}`,
          ),
        ],
      ),
    ];
    for (const [what, answer, says] of refusals) {
      it(`is never guessed: it ${what}`, async () => {
        await assert.rejects(run({}, { preview: true, answers: { [READ_SET]: answer } }), says);
      });
    }

    it('is not looked for in a group that is not there', async () => {
      const answers = {
        'azure-native:resources:getResourceGroup': () => {
          throw new Error('Code="ResourceGroupNotFound"');
        },
      };
      await assert.rejects(
        run({ azure: { resourceGroup: 'gone' } }, { preview: true, answers }),
        /ebbtide:azure\.resourceGroup is "gone": there is no such group in azure-native:subscriptionId/,
      );
    });
  });

  it('is refused at preview where the region has no such size, and made where that cannot be known', async () => {
    const asked: string[] = [];
    managerSays = ({ path, headers }) => {
      asked.push(`${path.split('/').at(-1)} ${headers.authorization}`);
      return listed();
    };
    await assert.rejects(
      run({}, { preview: true }),
      /ebbtide:pool\.machineType is "Standard_D4s_v5": azure-native:location, which is westeurope, does not have it/,
    );
    assert.deepEqual(asked.sort(), ['skus Bearer t', 'usages Bearer t', 'virtualMachineScaleSets Bearer t']);
    // Of that one nobody told the sizes.
    made.one(SET);
  });

  describe('is the only one of its name in the subscription', () => {
    const inGroup = (group: string, tags: object | null) => ({
      id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}${SETS}/ebbtide-media`,
      tags,
    });
    const ours = { 'ebbtide-pool': 'media' };

    it('and is not made where another resource group has it, which would be deleted for it', async () => {
      managerSays = (request) =>
        request.path.endsWith(SETS)
          ? listed(inGroup('others', null), inGroup('Before', ours))
          : nothingThere(request);
      await assert.rejects(
        run({ azure: { resourceGroup: 'now' } }, { preview: true }),
        /ebbtide:pool\.name is "media": the resource group Before has a pool of that name, whose scale set would be deleted with the calls that are on, for one in now/,
      );
    });

    it('and is not made where that is not known', async () => {
      managerSays = () => ({ status: 500, body: '' });
      await assert.rejects(
        run({}, { preview: true }),
        /whether the pool media is in another resource group than ebbtide-media is not known, .*: try again\. .*500/,
      );
    });

    it('as far as these credentials may look', async () => {
      managerSays = () => ({ status: 403, body: '{"error":{"code":"AuthorizationFailed"}}' });
      (await run()).one(SET);
    });

    it('which is looked at only before it is made', async () => {
      managerSays = () => ({ status: 500, body: '' });
      const answers = {
        'azure-native:compute:getVirtualMachineScaleSet': () => ({ tags: ours, sku: { capacity: 2 } }),
      };
      (await run({}, { answers })).one(SET);
    });
  });

  describe('the runbook', () => {
    it('is Python of a version that is pinned, from an address that gives nothing else', () => {
      const { inputs, secrets } = made.one(RUNBOOK);
      assert.equal(inputs.runbookType, 'Python');
      const runtime = made.one('azure-native:automation:RuntimeEnvironment').inputs;
      assert.deepEqual([runtime.language, runtime.version], ['Python', '3.10']);
      assert.equal(inputs.runtimeEnvironment, runtime.runtimeEnvironmentName);
      const blob = 'scale-in-ffffffffffffffff.py';
      assert.deepEqual(inputs.publishContentLink, {
        uri: `https://${NAMES.storage}.blob.core.windows.net/software/${blob}?sig=of:/blob/${NAMES.storage}/software/${blob}`,
        contentHash: { algorithm: 'SHA256', value: 'F'.repeat(64) },
        version: 'f'.repeat(16),
      });
      assert.deepEqual(secrets, ['publishContentLink']);
      assert.equal(made.one(BLOB, 'media-scale-in-text').inputs.blobName, blob);
    });

    it('runs as an identity of its own, and is told the same by whoever wakes it', async () => {
      const account = made.one('azure-native:automation:AutomationAccount').inputs;
      assert.deepEqual(account.identity, {
        type: 'UserAssigned',
        userAssignedIdentities: ['media-runbook-id'],
      });
      const told = toldTo(made.one(SCHEDULED, EACH_HOUR).inputs.parameters);
      assert.deepEqual(told, {
        pool: 'media',
        scaleSet: NAMES.scaleSetId,
        store: `https://${NAMES.storage}.blob.core.windows.net`,
        minServing: 1,
        maxDrains: 3,
        coolDownMs: 60_000,
        warmUpMs: 120_000,
        lowForMs: 600_000,
        warnAfterMs: 14_400_000,
        targetCpu: 0.5,
        currentTemplate: await promiseOf(made.outputs.template),
        identityClientId: 'client of ebbtide-media-runbook',
      });
      const { actions } = Object(made.one(WORKFLOW).inputs.definition);
      assert.deepEqual(Object.keys(actions), ['start_job']);
      const { method, uri, body, authentication } = actions.start_job.inputs;
      assert.deepEqual(
        [method, uri],
        ['PUT', 'https://management.azure.commedia-scale-in-id/jobs/@{guid()}?api-version=2023-11-01'],
      );
      assert.equal(body.properties.runbook.name, 'ebbtide-media-scale-in');
      assert.deepEqual(toldTo(body.properties.parameters), told);
      assert.deepEqual(authentication, {
        type: 'ManagedServiceIdentity',
        identity: 'media-wake-id',
        audience: 'https://management.azure.com/',
      });
    });

    it('is woken each quarter of an hour, since Azure’s schedules are at least an hour apart', () => {
      const schedules = ofType(made, 'azure-native:automation:Schedule');
      assert.deepEqual(
        schedules.map(({ inputs: { frequency, interval, startTime } }) => [
          frequency,
          interval,
          String(startTime).slice(14),
        ]),
        ['00', '15', '30', '45'].map((minute) => ['Hour', 1, `${minute}:00.000Z`]),
      );
      assert.deepEqual(
        ofType(made, SCHEDULED).map(({ inputs }) => Object(inputs.schedule).name),
        schedules.map(({ inputs }) => inputs.scheduleName),
      );
    });

    it('is woken by links that are made anew whenever the runbook is written, or what it is told is another', async () => {
      const idsOf = (of: ProgramRun) => ofType(of, SCHEDULED).map(({ inputs }) => inputs.jobScheduleId);
      const otherKey = {
        answers: {
          'azure-native:storage:listStorageAccountServiceSAS': () => ({ serviceSasToken: 'sig=other' }),
        },
      };
      const ids = [
        made,
        await run({ scaleIn: { maxDrains: 2 } }),
        await run({ azure: { tags: { a: 'b' } } }),
        // The account's key was renewed: so is the address that the runbook is read from, and the runbook is written.
        await run({}, otherKey),
      ].flatMap(idsOf);
      assert.equal(ids.length, 16);
      assert.equal(new Set(ids).size, ids.length);
    });

    it('is woken for as long as the load is low, by an alert that does not remember', () => {
      const { criteria, autoMitigate, actions, scopes } = made.one(METRIC_ALERT, 'media-low-load').inputs;
      assert.equal(autoMitigate, false);
      assert.deepEqual(scopes, ['media-set-id']);
      const [{ operator, threshold, metricName, timeAggregation }] = Object(criteria).allOf;
      assert.deepEqual(
        [operator, threshold, metricName, timeAggregation],
        ['LessThan', 40, 'Percentage CPU', 'Average'],
      );
      assert.deepEqual(actions, [{ actionGroupId: 'media-low-load-wakes-id' }]);
      const [receiver] = Object(made.one(ACTION_GROUP).inputs.logicAppReceivers);
      assert.equal(receiver.resourceId, 'media-wake-id');
      assert.match(receiver.callbackUrl, /^https:\/\/logic\.example\/ebbtide-media-wake\/woken\?/);
    });
  });

  it('calls for a person, wherever they are to hear it', async () => {
    const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.Insights/actionGroups/on-call`;
    const watched = await run({ alarms: { notify: [group, 'a@example.org', 'b@example.org'] } });
    const rules = ofType(watched, 'azure-native:monitor:ScheduledQueryRule');
    assert.deepEqual(
      rules.map(({ inputs }) => inputs.ruleName).sort(),
      [
        'stale',
        'unknown',
        'overdue',
        'ceiling',
        'calls-cut',
        'calls-lost',
        'refused',
        'stuck',
        'alarming',
        'runbook-fails',
        'runbook-silent',
      ]
        .map((name) => `ebbtide-media-${name}`)
        .sort(),
    );
    const runbook = readFileSync(RUNBOOK_TEXT, 'utf8');
    const finds = [...runbook.matchAll(/found\["([a-z-]+)"\] = /g)].map(([, finding]) => finding);
    assert.deepEqual(
      finds.filter(
        (finding) => !rules.some(({ inputs }) => JSON.stringify(inputs).includes(`found-${finding}`)),
      ),
      [],
      'nobody hears of these',
    );
    for (const { inputs } of rules) {
      const [{ query }] = Object(inputs.criteria).allOf;
      assert.deepEqual(inputs.actions, { actionGroups: [group, 'media-alerts-people-id'] });
      const [{ operator, threshold }] = Object(inputs.criteria).allOf;
      if (inputs.ruleName === 'ebbtide-media-runbook-silent')
        assert.match(query, /where event == "scale-in"$/, 'who waits for another has seen nothing');
      const isSilent = inputs.ruleName === 'ebbtide-media-runbook-silent';
      const isRefused = inputs.ruleName === 'ebbtide-media-refused';
      assert.deepEqual(
        [operator, threshold],
        isSilent ? ['LessThan', 1] : ['GreaterThan', isRefused ? 3 : 0],
      );
      assert.equal(inputs.windowSize, isSilent ? 'PT1H' : 'PT2H');
      const [{ dimensions }] = Object(inputs.criteria).allOf;
      const isUnknown = inputs.ruleName === 'ebbtide-media-unknown';
      assert.deepEqual(
        dimensions,
        isUnknown ? [{ name: 'reason', operator: 'Include', values: ['*'] }] : undefined,
        'why it is unknown is told with it',
      );
    }
    assert.deepEqual(
      Object(watched.one(ACTION_GROUP, 'media-alerts-people').inputs.emailReceivers).map(
        ({ emailAddress }: { emailAddress: string }) => emailAddress,
      ),
      ['a@example.org', 'b@example.org'],
    );
    assert.deepEqual(watched.one(METRIC_ALERT, 'media-alerts-jobs-fail').inputs.actions, [
      { actionGroupId: group },
      { actionGroupId: 'media-alerts-people-id' },
    ]);
  });

  it('keeps the runbook’s log where an earlier one of another region is not in the way, and reads it line by line', () => {
    const [workspace] = ofType(made, 'azure-native:operationalinsights:Workspace');
    assert.equal(workspace?.inputs.workspaceName, 'ebbtide-media-westeurope');
    for (const { inputs } of ofType(made, 'azure-native:monitor:ScheduledQueryRule')) {
      const [{ query }] = Object(inputs.criteria).allOf;
      const lines = String(query).split('\n');
      assert.equal(
        lines[3],
        '| mv-expand text = split(column_ifexists("ResultDescription", ""), "\\n") to typeof(string)',
      );
      assert.equal(lines[4], '| extend line = parse_json(text)');
      // One that finds another at work has not looked.
      assert.doesNotMatch(query, /"busy"/);
    }
  });

  it('can be swept without the program, and goes only after the sweep', async () => {
    const { inputs } = made.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep');
    const { __provider: _, ...state } = inputs;
    assert.deepEqual(state, {
      code: 'azure/run-sweep.ts',
      pool: 'media',
      group: 'ebbtide-media',
      autoscale: 'ebbtide-media',
      resourceGroup: 'ebbtide-media',
      storage: NAMES.storage,
      store: `https://${NAMES.storage}.blob.core.windows.net`,
      location: 'westeurope',
      subscriptionId: SUBSCRIPTION,
    });
    const options = await optionsOfPool();
    const before = [options.get('pulumi-nodejs:dynamic/ebbtide:DestroySweep')?.dependsOn ?? []].flat().length;
    const inPool = new Set(made.resources.filter(({ type }) => type.startsWith('ebbtide:azure:')));
    // All components but the pool itself, the group, and the right over the set.
    assert.equal(before, inPool.size - 1 + 2);
  });

  it('makes the set after all that nodes need, keeps its key, and never makes an assignment beside its like', async () => {
    const options = await optionsOfPool();
    const set = options.get(SET);
    assert.equal([set?.dependsOn ?? []].flat().length, 5);
    assert.deepEqual(set?.ignoreChanges, ['virtualMachineProfile.osProfile.linuxConfiguration.ssh']);
    assert.equal(options.get(ASSIGNMENT)?.deleteBeforeReplace, true);
    assert.equal(options.get(SCHEDULED)?.deleteBeforeReplace, true);
    // Microsoft.Insights is registered by what is made first of it.
    assert.equal([options.get('azure-native:monitor:DiagnosticSetting')?.dependsOn ?? []].flat().length, 1);
    assert.deepEqual(options.get('azure-native:automation:Schedule')?.ignoreChanges, ['startTime']);
  });

  describe('a node', () => {
    const NODE_IDENTITY = `${NAMES.groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ebbtide-media-node`;

    it('is told by its custom data where its things are, and no secret', async () => {
      const { customData } = Object(Object(made.one(SET).inputs.virtualMachineProfile).osProfile);
      const text = gunzipSync(Buffer.from(customData, 'base64')).toString();
      assert.match(text, /^#cloud-config\n/);
      const files = new Map<string, string>(
        parse(text, { version: '1.1' }).write_files.map(({ path, content }: Record<string, string>) => [
          path,
          content,
        ]),
      );
      const manifest = v.parse(bootManifestSchema, JSON.parse(files.get('/etc/ebbtide/boot.json') ?? ''));
      const store = `https://${NAMES.storage}.blob.core.windows.net`;
      assert.deepEqual(manifest.source, {
        kind: 'azure',
        store,
        identity: NODE_IDENTITY,
        secrets: { keys: 'secrets/keys', redis: 'secrets/redis' },
      });
      const fetched = manifest.stages.flatMap((stage) => stage.files.map(({ key }) => key));
      const there = ofType(made, BLOB).map(({ inputs }) => `${inputs.containerName}/${inputs.blobName}`);
      for (const key of [...fetched, 'secrets/keys', 'secrets/redis', 'secrets/wake-url'])
        assert.ok(there.includes(key), key);
      const values: Record<string, string> = { ...manifest.placeholders, node: 'ebbtide-media_3', root: '' };
      const filled = (files.get('/etc/ebbtide/templates/agent.json') ?? '').replaceAll(
        /\{\{(\w+)\}\}/g,
        (whole, name: string) => values[name] ?? whole,
      );
      const { cloud, registry, software } = v.parse(agentConfigSchema, JSON.parse(filled));
      assert.deepEqual(cloud, {
        kind: 'azure',
        identity: NODE_IDENTITY,
        runbook: { wakeUrlKey: 'secrets/wake-url' },
      });
      assert.deepEqual(registry, { kind: 'bucket', bucket: store, statusName: 'ebbtide-media_3' });
      assert.equal(software.template, await promiseOf(made.outputs.template));
      assert.doesNotMatch(text, /ssssssss|10\.0\.0\.5|sig=/);
    });

    const modelOf = (
      changed: Record<string, unknown>,
      boot: Bundle = { code: 'x', sha256: 'b'.repeat(64) },
    ) => {
      const values = configValues({ ...GOOD_AZURE, ...changed });
      const { settings } = readSettings({ values, isSecret: () => true }, createSettingsFiles('/'));
      const azure = settingsOf(settings, 'azure');
      const software = softwareOf({ code: 'x', sha256: 'b'.repeat(64) }, azure);
      return nodeModel({ settings: azure, names: NAMES, software, boot });
    };

    it('is told no more than Azure takes, with the real boot program', async () => {
      const { setup } = modelOf({}, await createBundler().boot('azure'));
      const bytes = packUserData(renderUserData(setup)).length;
      assert.ok(bytes < 48 * 1024, `${bytes} bytes`);
      const code = randomBytes(64 * 1024).toString('base64');
      assert.throws(
        () => modelOf({}, { code, sha256: 'c'.repeat(64) }),
        /user-data has \d+ bytes packed, and Azure takes 65535\. By file: \/opt\/ebbtide\/boot\.cjs/,
      );
    });

    it('is another model when what it is made of changes, and only then', () => {
      const fingerprints = (...all: Record<string, unknown>[]) =>
        new Set([{}, ...all].map((changed) => modelOf(changed).fingerprint)).size;
      assert.equal(fingerprints({ scaling: { target: 60 } }, { alarms: { notify: ['a@example.org'] } }), 1);
      assert.equal(
        fingerprints(
          { pool: { name: 'media', machineType: 'Standard_F8s_v2' } },
          { pool: { name: 'media', diskGb: 40 } },
          { azure: { diskType: 'Premium_LRS' } },
          { scaleIn: { warnAfter: '1h' } },
        ),
        5,
      );
    });
  });
});

describe('sizes of Azure', () => {
  it('get the image of their processor', () => {
    const of = (type: string) => defaultImage(type);
    assert.equal(of('Standard_D4s_v5'), 'Debian:debian-13:13-gen2:latest');
    assert.equal(of('Standard_E8pds_v6'), 'Debian:debian-13:13-arm64:latest');
    assert.equal(of('Standard_D4ps_v5'), 'Debian:debian-13:13-arm64:latest');
    assert.equal(of('Standard_NP10s'), 'Debian:debian-13:13-gen2:latest');
    assert.equal(of('Standard_F8s_v2'), 'Debian:debian-13:13-gen2:latest');
  });
});

describe('durations of ISO 8601', () => {
  it('are never shorter than was meant', () => {
    assert.deepEqual([0, 500, 90_000, 60_000, 65 * 60_000].map(isoDuration), [
      'PT0S',
      'PT1S',
      'PT1M30S',
      'PT1M',
      'PT65M',
    ]);
  });
});

function optionsOfPool() {
  return optionsOfResources((options) => {
    const { settings } = readSettings(
      { values: configValues(GOOD_AZURE), isSecret: () => true },
      createSettingsFiles('/'),
    );
    const azure = settingsOf(settings, 'azure');
    const bundle = { code: 'x', sha256: 'b'.repeat(64) };
    const provider = new Provider('azure', { ...azure.azureProvider });
    new AzurePool(
      'media',
      {
        settings: azure,
        names: NAMES,
        capacity: { now: 1, after: () => pulumi.output(1) },
        balancers: { balancerPools: [], gatewayPools: [], ranges: [] },
        software: softwareOf(bundle, azure),
        boot: bundle,
        runbook: bundle,
      },
      { ...options, provider },
    );
  });
}
