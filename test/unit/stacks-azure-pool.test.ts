import assert from 'node:assert/strict';
import { Provider } from '@pulumi/azure-native/provider.js';
import * as pulumi from '@pulumi/pulumi';
import * as v from 'valibot';
import { poolAddressSchema } from '../../fleet/pool-address.ts';
import { AzurePool } from '../../stacks/azure/pool.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import { configValues, GOOD_AZURE, optionsOfResources, type ProgramRun, settingsOf } from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import {
  ACTION_GROUP,
  ASSIGNMENT,
  azureUnderMocks,
  BLOB,
  NAMES,
  ROLE,
  run,
  SCHEDULED,
  SET,
} from './support/azure-pool.ts';
import { namesIn, ofType, strays, toldBy } from './support/program-run.ts';

describe('the Azure pool', () => {
  const azure = azureUnderMocks();

  it('makes everything with the one explicit provider, in one region and group, labelled', () => {
    const { inputs } = azure.made.one('pulumi:providers:azure-native');
    assert.equal(inputs.subscriptionId, SUBSCRIPTION);
    assert.equal(inputs.location, 'westeurope');
    assert.deepEqual(strays(azure.made, 'azure-native', 'azure-native::azure'), []);
    for (const { name, inputs } of azure.made.resources) {
      if ('resourceGroupName' in inputs) assert.equal(inputs.resourceGroupName, 'ebbtide-media', name);
      if ('tags' in inputs) assert.deepEqual(inputs.tags, { 'ebbtide-pool': 'media' }, name);
      if ('location' in inputs) assert.match(String(inputs.location), /^(westeurope|global)$/i, name);
    }
  });

  it('registers the same at preview, when nothing is known yet', async () => {
    const preview = await run({}, { preview: true });
    assert.deepEqual(namesIn(preview), namesIn(azure.made));
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
    assert.deepEqual(plain(again), plain(azure.made));
  });

  it('tells where its things are', async () => {
    const { address, ...told } = await toldBy(azure.made);
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

  it('keeps its store private, a container for each that has rights of its own, free of old statuses', () => {
    const account = azure.made.one('azure-native:storage:StorageAccount').inputs;
    assert.equal(account.allowBlobPublicAccess, false);
    assert.equal(account.enableHttpsTrafficOnly, true);
    assert.equal(account.minimumTlsVersion, 'TLS1_2');
    assert.match(String(account.accountName), /^[a-z0-9]{3,24}$/);
    assert.deepEqual(
      ofType(azure.made, 'azure-native:storage:BlobContainer').map(({ inputs }) => [
        inputs.containerName,
        inputs.publicAccess,
      ]),
      ['statuses', 'decisions', 'memory', 'software', 'secrets'].map((name) => [name, 'None']),
    );
    const { rules } = Object(azure.made.one('azure-native:storage:ManagementPolicy').inputs.policy);
    assert.deepEqual(
      rules.map(({ definition }: { definition: { filters: object; actions: object } }) => definition),
      [
        [7, 'statuses/'],
        [30, 'decisions/'],
        [2, 'memory/rolls/'],
      ].map(([days, prefix]) => ({
        filters: { blobTypes: ['blockBlob'], prefixMatch: [prefix] },
        actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } },
      })),
    );
  });

  it('keeps secrets secret, where nodes alone read', () => {
    const secrets = ofType(azure.made, BLOB).filter(({ inputs }) => inputs.containerName === 'secrets');
    assert.deepEqual(
      secrets.map(({ inputs, secrets: names }) => [inputs.blobName, names]),
      ['keys', 'redis', 'wake-url'].map((name) => [name, ['source']]),
    );
    const others = azure.made.resources.filter(
      ({ type, secrets: names }) => type !== ACTION_GROUP || names.length === 0,
    );
    assert.doesNotMatch(JSON.stringify(others), /ssssssss|10\.0\.0\.5|sig=secret/);
    assert.deepEqual(azure.made.one(ACTION_GROUP).secrets, ['logicAppReceivers']);
  });

  it('can be swept without the program, and goes only after the sweep', async () => {
    const { inputs } = azure.made.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep');
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
    const inPool = new Set(azure.made.resources.filter(({ type }) => type.startsWith('ebbtide:azure:')));
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
        machines: {
          capacity: { now: 1, after: () => pulumi.output(1) },
          balancers: { balancerPools: [], gatewayPools: [], ranges: [] },
        },
        software: softwareOf(bundle, azure),
        boot: bundle,
        runbook: bundle,
      },
      { ...options, provider },
    );
  });
}
