import { VirtualMachineScaleSet } from '@pulumi/azure-native/compute/virtualMachineScaleSet.js';
import * as pulumi from '@pulumi/pulumi';
import { isoDuration } from '../iso-duration.ts';
import { packUserData, renderUserData } from '../user-data.ts';
import type { BalancerWays } from './balancers.ts';
import { DEFAULT_MACHINE_TYPE, defaultImage, imageReference } from './machine.ts';
import type { AzureNames } from './names.ts';
import type { NodeModel } from './node-model.ts';
import type { PoolCapacity } from './preconditions.ts';
import type { AzureSettings } from './settings.ts';
import { throwawayPublicKey } from './throwaway-key.ts';

export interface PoolScaleSetArgs {
  settings: AzureSettings;
  names: AzureNames;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  /** How many instances it is to have. */
  capacity: PoolCapacity;
  subnet: pulumi.Output<string>;
  securityGroup: pulumi.Output<string>;
  balancers: BalancerWays;
  identity: pulumi.Output<string>;
  model: NodeModel;
  /** What must be there for as long as there are nodes: made before the set, destroyed after it. */
  lives: pulumi.Resource[];
}

const ADMIN = 'ebbtide';

/** The nodes. A change of what they are made of concerns new ones only. */
export class PoolScaleSet extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: PoolScaleSetArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolScaleSet', name, {}, options);
    const { settings, names } = args;
    const { pool, azureProvider } = settings;
    const set = new VirtualMachineScaleSet(
      name,
      {
        resourceGroupName: args.resourceGroup,
        vmScaleSetName: names.scaleSet,
        location: azureProvider.location,
        tags: args.tags,
        orchestrationMode: 'Uniform',
        // The size is autoscale's and the runbook's. It cannot be left out, nor ignored: the provider writes the whole set at
        // each change, and an older number in it would delete what goes beyond it. So it is the number that there is by then.
        sku: {
          name: pool.machineType ?? DEFAULT_MACHINE_TYPE,
          tier: 'Standard',
          capacity: args.capacity.after(args.lives),
        },
        ...(pool.zones === undefined ? {} : { zones: pool.zones, zoneBalance: false }),
        // More than are asked for, of which some are then deleted: a call may be on them by then.
        overprovision: false,
        // A set of more than 100 instances needs several.
        singlePlacementGroup: false,
        platformFaultDomainCount: 1,
        // A changed model replaces no machine that runs.
        upgradePolicy: { mode: 'Manual' },
        // Nothing of ours ever shrinks the set by its number. Whoever does loses who has had the least time to get calls.
        scaleInPolicy: { rules: ['NewestVM'], forceDeletion: false },
        identity: { type: 'UserAssigned', userAssignedIdentities: [args.identity] },
        virtualMachineProfile: this.profile(args),
      },
      {
        parent: this,
        dependsOn: args.lives,
        // A key is made at each run of the program, and only the first is used.
        ignoreChanges: ['virtualMachineProfile.osProfile.linuxConfiguration.ssh'],
      },
    );
    this.id = set.id;
    this.name = set.name;
    this.registerOutputs({ id: this.id, name: this.name });
  }

  private profile({ settings, names, subnet, securityGroup, balancers, model }: PoolScaleSetArgs) {
    const { pool, azure } = settings;
    return {
      priority: 'Regular',
      osProfile: {
        computerNamePrefix: names.computerPrefix,
        adminUsername: ADMIN,
        customData: packUserData(renderUserData(model.setup)).toString('base64'),
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          provisionVMAgent: true,
          ssh: {
            publicKeys: [{ path: `/home/${ADMIN}/.ssh/authorized_keys`, keyData: throwawayPublicKey() }],
          },
        },
      },
      storageProfile: {
        imageReference: imageReference(pool.image ?? defaultImage(pool.machineType ?? DEFAULT_MACHINE_TYPE)),
        osDisk: {
          createOption: 'FromImage',
          caching: 'ReadWrite' as const,
          diskSizeGB: pool.diskGb,
          managedDisk: { storageAccountType: azure.diskType },
        },
      },
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nodes',
            primary: true,
            enableAcceleratedNetworking: azure.acceleratedNetworking,
            networkSecurityGroup: { id: securityGroup },
            ipConfigurations: [
              {
                name: 'nodes',
                primary: true,
                subnet: { id: subnet },
                ...poolsOf(balancers),
                // People's media reaches the nodes directly.
                ...(azure.publicAddresses
                  ? {
                      publicIPAddressConfiguration: {
                        name: 'nodes',
                        sku: { name: 'Standard', tier: 'Regional' },
                        idleTimeoutInMinutes: 15,
                      },
                    }
                  : {}),
              },
            ],
          },
        ],
      },
      // What a person or Azure deletes is told for so long beforehand. A node that is empty does not wait for it.
      scheduledEventsProfile: {
        terminateNotificationProfile: { enable: true, notBeforeTimeout: isoDuration(azure.terminateNotice) },
      },
      // The console of a machine that nobody can log in to.
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    };
  }
}

/** A node stays in them while it drains, until it is deleted: its health says that it takes no new work. */
function poolsOf({ balancerPools, gatewayPools }: BalancerWays) {
  const ids = (pools: string[]) => pools.map((id) => ({ id }));
  return {
    ...(balancerPools.length === 0 ? {} : { loadBalancerBackendAddressPools: ids(balancerPools) }),
    ...(gatewayPools.length === 0 ? {} : { applicationGatewayBackendAddressPools: ids(gatewayPools) }),
  };
}
