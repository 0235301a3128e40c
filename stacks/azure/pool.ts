import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import * as pulumi from '@pulumi/pulumi';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { createAzureProvider } from '../../providers/azure/provider.ts';
import { DestroySweep } from '../../providers/destroy-sweep.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolArgs, PoolOutputs } from '../pool.ts';
import { addressOf } from '../pool-address.ts';
import { type Software, softwareOf } from '../software.ts';
import { PoolAlerts } from './alerts.ts';
import { findBalancers } from './balancers.ts';
import { POOL_TAG } from './elsewhere.ts';
import { existingMachines } from './existing-machines.ts';
import { type FoundGroup, findGroup } from './found-group.ts';
import { PoolIdentity, type PoolRight } from './identity.ts';
import { LowLoad } from './low-load.ts';
import { type AzureNames, azureNames } from './names.ts';
import { type OwnMachinesArgs, ownMachines } from './own-machines.ts';
import { findCapacity } from './preconditions.ts';
import { PoolRoles } from './roles.ts';
import { ScaleInRunbook } from './runbook.ts';
import { NodeSecrets } from './secrets.ts';
import type { AzureSettings } from './settings.ts';
import { NodeSoftware } from './software.ts';
import { type Container, PoolStore } from './store.ts';
import { Wake } from './wake.ts';

interface AzurePoolArgs {
  settings: AzureSettings;
  names: AzureNames;
  /** What a set is made from; or the operator's own, where the pool is to have that. */
  machines: OwnMachinesArgs | FoundGroup;
  software: Software;
  boot: Bundle;
  runbook: Bundle;
}

/** Bundles what the pool runs, and makes the pool. */
export async function createAzurePool({ settings, bundler }: PoolArgs<AzureSettings>): Promise<PoolOutputs> {
  const [agent, boot, runbook] = await Promise.all([
    bundler.agent(),
    bundler.boot('azure'),
    bundler.azureRunbook(),
  ]);
  const provider = createAzureProvider(settings.azureProvider);
  const { name } = settings.pool;
  const { subscriptionId } = settings.azureProvider;
  const resourceGroup = settings.azure.resourceGroup ?? `ebbtide-${name}`;
  const place = { subscriptionId, resourceGroup };
  const machines = await machinesOf(settings, azureNames(name, place), { provider }, process.env);
  const names = azureNames(name, place, 'scaleSet' in machines ? machines : undefined);
  const software = softwareOf(agent, settings);
  const pool = new AzurePool(name, { settings, names, machines, software, boot, runbook }, { provider });
  return pool.outputs;
}

/** What a new set is made from, or the operator's own. */
async function machinesOf(
  settings: AzureSettings,
  names: AzureNames,
  options: pulumi.InvokeOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AzurePoolArgs['machines']> {
  const { existingGroup } = settings.pool;
  if (existingGroup !== undefined) return findGroup(settings, existingGroup, options, environment);
  const capacity = await findCapacity(settings, names, options, environment);
  return { capacity, balancers: await findBalancers(settings, options) };
}

/** A fleet of media servers on a scale set that only grows, and a runbook that takes nodes out of it. */
export class AzurePool extends pulumi.ComponentResource {
  readonly outputs: PoolOutputs;

  constructor(name: string, args: AzurePoolArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:Pool', name, {}, options);
    const { settings, names, software } = args;
    const { location, subscriptionId, tenantId } = settings.azureProvider;
    const pool = settings.pool.name;
    const tags = { ...settings.azure.tags, [POOL_TAG]: pool };
    const parent = { parent: this };

    const group = this.resourceGroup(name, settings, names, tags);
    const common = { names, resourceGroup: group.name, tags };
    const store = new PoolStore(`${name}-store`, { ...common, location }, parent);
    const roles = new PoolRoles(
      `${name}-roles`,
      { names, group: group.id, hasShell: settings.access.shell },
      parent,
    );
    const identityOf = (who: string, rights: PoolRight[]) =>
      new PoolIdentity(`${name}-${who}`, { ...common, who, location, roles, rights }, parent);
    const blobs = (right: 'read-blobs' | 'write-blobs', ...containers: Container[]) =>
      containers.map((on) => ({
        right,
        on,
        scope: store.containers[on].apply(() => names.container(on)),
      }));

    // No right over machines at all, since Azure cannot tell one node of a set from its neighbours: it asks the runbook.
    const rights = [
      ...blobs('read-blobs', 'decisions', 'software', 'secrets'),
      ...blobs('write-blobs', 'statuses'),
    ];
    const given = { settings, common, store, roles, identityOf, rights, software, boot: args.boot };
    const machines =
      'scaleSet' in args.machines
        ? existingMachines(name, { ...given, existing: args.machines }, parent)
        : ownMachines(name, { ...given, ...args.machines }, parent);
    const nodeSoftware = new NodeSoftware(
      `${name}-software`,
      { names, container: store.containers.software, software },
      parent,
    );
    const runbookIdentity = identityOf('runbook', [
      ...blobs('read-blobs', 'statuses'),
      ...blobs('write-blobs', 'decisions', 'memory'),
    ]);
    const runbook = new ScaleInRunbook(
      `${name}-scale-in`,
      {
        ...common,
        settings,
        bundle: args.runbook,
        store,
        identity: runbookIdentity,
        template: machines.template,
      },
      { parent: this, dependsOn: machines.beforeRunbook },
    );
    const wakeIdentity = identityOf('wake', [
      { right: 'start-runbook', on: 'automation', scope: runbook.account },
    ]);
    const wake = new Wake(
      `${name}-wake`,
      { ...common, location, identity: wakeIdentity, account: runbook.account, job: runbook.job },
      parent,
    );
    const secrets = new NodeSecrets(
      `${name}-secrets`,
      { names, container: store.containers.secrets, secrets: settings.mediaSecrets, wakeUrl: wake.url },
      parent,
    );
    const scaleSet = machines.scale([store, nodeSoftware, secrets]);
    // The one in the pool who may protect and delete nodes: of this set, and of nothing else.
    const tends = roles.grant(
      `${name}-runbook-tend-nodes`,
      runbookIdentity.principal,
      'tend-nodes',
      { on: 'set', scope: scaleSet.id },
      parent,
    );
    const lowLoad = new LowLoad(
      `${name}-low-load`,
      { ...common, settings, scaleSet: scaleSet.id, wake },
      parent,
    );
    const watched = new PoolAlerts(
      `${name}-alerts`,
      { ...common, settings, automation: runbook.account },
      parent,
    );

    // Whatever is made here is made before the sweep, so that nothing of it goes before the sweep has let it.
    new DestroySweep(
      `${name}-destroy-sweep`,
      {
        ...machines.sweep,
        state: {
          pool,
          group: names.scaleSet,
          autoscale: names.autoscale,
          resourceGroup: names.resourceGroup,
          storage: names.storage,
          store: store.url,
          location,
          subscriptionId,
          ...(tenantId === undefined ? {} : { tenantId }),
        },
      },
      {
        parent: this,
        dependsOn: [
          ...(group.resource === undefined ? [] : [group.resource]),
          store,
          roles,
          nodeSoftware,
          runbookIdentity,
          runbook,
          wakeIdentity,
          wake,
          secrets,
          ...scaleSet.resources,
          tends,
          lowLoad,
          watched,
        ],
      },
    );

    this.outputs = {
      cloud: pulumi.output('azure'),
      pool: pulumi.output(pool),
      group: scaleSet.name,
      registry: store.url,
      ...machines.outputs,
      template: pulumi.output(machines.template),
      metrics: watched.logs,
      address: addressOf<PoolAddressOf<'azure'>>(settings, machines.template, {
        cloud: 'azure',
        subscriptionId,
        ...(tenantId === undefined ? {} : { tenantId }),
        resourceGroup: names.resourceGroup,
        group: scaleSet.name,
        autoscale: names.autoscale,
        storage: names.storage,
        store: store.url,
      }),
    };
    this.registerOutputs({ ...this.outputs });
  }

  /** One of the pool's own, which goes with it; or one that is there, and stays. */
  private resourceGroup(
    name: string,
    { azure, azureProvider }: AzureSettings,
    names: AzureNames,
    tags: Record<string, string>,
  ) {
    if (azure.resourceGroup !== undefined)
      return { name: names.resourceGroup, id: pulumi.output(names.groupId), resource: undefined };
    const resource = new ResourceGroup(
      `${name}-group`,
      { resourceGroupName: names.resourceGroup, location: azureProvider.location, tags },
      { parent: this },
    );
    return { name: resource.name, id: resource.id, resource };
  }
}
