import { NetworkSecurityGroup } from '@pulumi/azure-native/network/networkSecurityGroup.js';
import { VirtualNetwork } from '@pulumi/azure-native/network/virtualNetwork.js';
import * as pulumi from '@pulumi/pulumi';
import { withRanges } from '../ranges.ts';
import type { BalancerWays } from './balancers.ts';
import type { AzureNames } from './names.ts';
import type { AzureSettings } from './settings.ts';

export interface PoolNetworkArgs {
  names: AzureNames;
  settings: AzureSettings;
  balancers: BalancerWays;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
}

export const DEFAULT_RANGE = '10.87.0.0/16';
const SUBNET = 'nodes';

/** Where nodes live: an existing network, or a small one of the pool's own; and the firewall before them. */
export class PoolNetwork extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly subnet: pulumi.Output<string>;
  readonly securityGroup: pulumi.Output<string>;

  constructor(name: string, args: PoolNetworkArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolNetwork', name, {}, options);
    const { id, subnets = [] } = args.settings.network;
    const [subnet] = subnets;
    if (id !== undefined && subnet !== undefined) {
      this.id = pulumi.output(id);
      this.subnet = pulumi.output(subnet);
    } else {
      this.id = this.createNetwork(name, args);
      this.subnet = pulumi.interpolate`${this.id}/subnets/${SUBNET}`;
    }
    this.securityGroup = this.createFirewall(name, args);
    this.registerOutputs({ id: this.id, subnet: this.subnet, securityGroup: this.securityGroup });
  }

  private createNetwork(name: string, { names, settings, resourceGroup, tags }: PoolNetworkArgs) {
    const range = settings.network.cidr ?? DEFAULT_RANGE;
    const network = new VirtualNetwork(
      name,
      {
        resourceGroupName: resourceGroup,
        virtualNetworkName: names.network,
        location: settings.azureProvider.location,
        addressSpace: { addressPrefixes: [range] },
        // The subnet is the network's own: as a resource beside it, each update of the network would take it away.
        subnets: [{ name: SUBNET, addressPrefix: range, defaultOutboundAccess: false }],
        tags,
      },
      { parent: this },
    );
    return network.id;
  }

  /** It is before each node's own interface, in whichever network that is. */
  private createFirewall(name: string, { names, settings, balancers, resourceGroup, tags }: PoolNetworkArgs) {
    const group = new NetworkSecurityGroup(
      `${name}-firewall`,
      {
        resourceGroupName: resourceGroup,
        networkSecurityGroupName: names.securityGroup,
        location: settings.azureProvider.location,
        securityRules: rulesOf(settings, balancers),
        tags,
      },
      { parent: this },
    );
    return group.id;
  }
}

/** No SSH: the ways in are people's media, the agent's health for those who are named, and load balancers. */
function rulesOf({ network, media, agent }: AzureSettings, balancers: BalancerWays) {
  const { signalFrom, mediaFrom, healthFrom } = network;
  const { ports } = media;
  const ways = [
    {
      name: 'signal',
      says: 'signalling',
      protocol: 'Tcp',
      port: ports.signal,
      from: withRanges(signalFrom, balancers.ranges),
    },
    { name: 'media-tcp', says: 'media over TCP', protocol: 'Tcp', port: ports.rtcTcp, from: mediaFrom },
    { name: 'media-udp', says: 'media over UDP', protocol: 'Udp', port: ports.rtcUdp, from: mediaFrom },
    {
      name: 'health',
      says: 'health and metrics of the agent',
      protocol: 'Tcp',
      port: agent.http.port,
      from: withRanges(healthFrom, balancers.ranges),
    },
  ];
  // Their probes come from the machine's own host, which Azure counts to the network.
  const probes =
    balancers.balancerPools.length === 0
      ? []
      : [
          {
            name: 'balancer-health',
            description: 'health of the agent for load balancers',
            priority: 200,
            direction: 'Inbound',
            access: 'Allow',
            protocol: 'Tcp',
            sourceAddressPrefix: 'AzureLoadBalancer',
            sourcePortRange: '*',
            destinationAddressPrefix: '*',
            destinationPortRange: String(agent.http.port),
          },
        ];
  const allowed = ways
    .map(({ name, says, protocol, port, from }, index) => ({
      name,
      description: says,
      priority: 100 + 10 * index,
      direction: 'Inbound',
      access: 'Allow',
      protocol,
      sourceAddressPrefixes: from,
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: String(port),
    }))
    // A rule without ranges would be refused, and mean nobody.
    .filter(({ sourceAddressPrefixes }) => sourceAddressPrefixes.length > 0);
  return [
    ...allowed,
    ...probes,
    {
      // Azure itself lets in whatever is in the same network, or in one that is joined to it.
      name: 'nothing-else-from-networks',
      description: 'nothing else from the same network, nor from those joined to it',
      priority: 4000,
      direction: 'Inbound',
      access: 'Deny',
      protocol: '*',
      sourceAddressPrefix: 'VirtualNetwork',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '*',
    },
  ];
}
