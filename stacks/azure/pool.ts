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
import { type BalancerWays, findBalancers } from './balancers.ts';
import { POOL_TAG } from './elsewhere.ts';
import { PoolGrowth } from './growth.ts';
import { PoolIdentity, type PoolRight } from './identity.ts';
import { LowLoad } from './low-load.ts';
import { type AzureNames, azureNames } from './names.ts';
import { PoolNetwork } from './network.ts';
import { nodeModel } from './node-model.ts';
import { findCapacity, type PoolCapacity } from './preconditions.ts';
import { PoolRoles } from './roles.ts';
import { ScaleInRunbook } from './runbook.ts';
import { PoolScaleSet } from './scale-set.ts';
import { NodeSecrets } from './secrets.ts';
import type { AzureSettings } from './settings.ts';
import { NodeSoftware } from './software.ts';
import { type Container, PoolStore } from './store.ts';
import { Wake } from './wake.ts';

interface AzurePoolArgs {
  settings: AzureSettings;
  names: AzureNames;
  capacity: PoolCapacity;
  balancers: BalancerWays;
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
  const names = azureNames(name, { subscriptionId, resourceGroup });
  const capacity = await findCapacity(settings, names, { provider }, process.env);
  const balancers = await findBalancers(settings, { provider });
  const software = softwareOf(agent, settings);
  const pool = new AzurePool(
    name,
    { settings, names, capacity, balancers, software, boot, runbook },
    { provider },
  );
  return pool.outputs;
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
    const model = nodeModel({ settings, names, boot: args.boot, software });

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
    const node = identityOf('node', [
      ...blobs('read-blobs', 'decisions', 'software', 'secrets'),
      ...blobs('write-blobs', 'statuses'),
    ]);
    const network = new PoolNetwork(
      `${name}-network`,
      { ...common, settings, balancers: args.balancers },
      parent,
    );
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
        template: model.fingerprint,
      },
      parent,
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
    const scaleSet = new PoolScaleSet(
      `${name}-set`,
      {
        ...common,
        settings,
        capacity: args.capacity,
        subnet: network.subnet,
        securityGroup: network.securityGroup,
        balancers: args.balancers,
        identity: node.id,
        model,
        lives: [network, store, node, nodeSoftware, secrets],
      },
      parent,
    );
    // The one in the pool who may protect and delete nodes: of this set, and of nothing else.
    const tends = roles.grant(
      `${name}-runbook-tend-nodes`,
      runbookIdentity.principal,
      'tend-nodes',
      { on: 'set', scope: scaleSet.id },
      parent,
    );
    const growth = new PoolGrowth(
      `${name}-growth`,
      { ...common, settings, scaleSet: scaleSet.id, capacity: args.capacity.after([scaleSet]) },
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
        code: 'azure/run-sweep.ts',
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
          node,
          network,
          nodeSoftware,
          runbookIdentity,
          runbook,
          wakeIdentity,
          wake,
          secrets,
          scaleSet,
          tends,
          growth,
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
      network: network.id,
      securityGroup: network.securityGroup,
      template: pulumi.output(model.fingerprint),
      metrics: watched.logs,
      address: addressOf<PoolAddressOf<'azure'>>(settings, model.fingerprint, {
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
