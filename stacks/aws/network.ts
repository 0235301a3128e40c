import {
  getSubnetOutput,
  InternetGateway,
  RouteTable,
  RouteTableAssociation,
  SecurityGroup,
  Subnet,
  Vpc,
} from '@pulumi/aws/ec2/index.js';
import { InstanceConnectEndpoint } from '@pulumi/aws/ec2transitgateway/instanceConnectEndpoint.js';
import { getAvailabilityZones } from '@pulumi/aws/getAvailabilityZones.js';
import { SecurityGroupEgressRule } from '@pulumi/aws/vpc/securityGroupEgressRule.js';
import * as pulumi from '@pulumi/pulumi';
import { EVERYWHERE, withRanges } from '../ranges.ts';
import type { BalancerWays } from './balancers.ts';
import type { AwsSettings } from './settings.ts';

export interface PoolNetworkArgs {
  /** What the things are called that have a name to show. */
  title: string;
  settings: AwsSettings;
  /** Of a network that is created: see `findZones`. */
  zones: string[];
  balancers: BalancerWays;
}

const SSH = 22;
const DEFAULT_RANGE = '10.87.0.0/16';
/** Without zones given: enough that one can fail. */
const DEFAULT_ZONES = 2;

/**
 * The zones of a network that is created. They name its subnets, so they must be known before anything is made: a promise,
 * and not an output.
 */
export async function findZones(
  { pool, network }: AwsSettings,
  options: pulumi.InvokeOptions,
): Promise<string[]> {
  if (network.id !== undefined) return [];
  if (pool.zones !== undefined) return pool.zones;
  const { names } = await getAvailabilityZones(
    { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
    options,
  );
  if (names.length < DEFAULT_ZONES) {
    throw new pulumi.RunError(`the region has ${names.length} zones: name them in ebbtide:pool.zones`);
  }
  return names.slice(0, DEFAULT_ZONES);
}

/** Where nodes live: an existing network, or a small public one of the pool's own; and the firewall before them. */
export class PoolNetwork extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly subnets: pulumi.Output<string>[];
  readonly securityGroup: pulumi.Output<string>;

  constructor(name: string, args: PoolNetworkArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:PoolNetwork', name, {}, options);
    const { network } = args.settings;
    if (network.id !== undefined && network.subnets !== undefined) {
      this.id = pulumi.output(network.id);
      this.subnets = this.checkedSubnets(network.id, network.subnets);
    } else {
      const created = this.createNetwork(name, args);
      this.id = created.id;
      this.subnets = created.subnets;
    }
    const { shell, keys } = args.settings.access;
    const endpoint = shell && keys.length > 0 ? this.endpointFirewall(name, args) : undefined;
    this.securityGroup = this.createFirewall(name, args, endpoint?.id);
    if (endpoint?.isOwn) this.createEndpoint(name, args, endpoint.id);
    this.registerOutputs({ id: this.id, subnets: this.subnets, securityGroup: this.securityGroup });
  }

  /** The firewall is the network's: a group in another network's subnets would be refused when all else is made. */
  private checkedSubnets(network: string, subnets: string[]): pulumi.Output<string>[] {
    return subnets.map((id, index) =>
      getSubnetOutput({ id }, { parent: this }).vpcId.apply((vpcId) => {
        if (vpcId === network) return id;
        throw new pulumi.RunError(
          `ebbtide:network.subnets[${index}] is "${id}": it is in ${vpcId}, and must be in ebbtide:network.id, which is ${network}`,
        );
      }),
    );
  }

  /** Public subnets: people's media reaches the nodes directly. */
  private createNetwork(name: string, { title, settings, zones }: PoolNetworkArgs) {
    const tags = { Name: title };
    const range = settings.network.cidr ?? DEFAULT_RANGE;
    const vpc = new Vpc(
      name,
      { cidrBlock: range, enableDnsHostnames: true, enableDnsSupport: true, tags },
      { parent: this },
    );
    const gateway = new InternetGateway(`${name}-internet`, { vpcId: vpc.id, tags }, { parent: this });
    const routes = new RouteTable(
      `${name}-routes`,
      { vpcId: vpc.id, routes: [{ cidrBlock: EVERYWHERE, gatewayId: gateway.id }], tags },
      { parent: this },
    );
    const subnets = zones.map((availabilityZone) => {
      const { letter, slot } = placeOf(availabilityZone);
      const subnet = new Subnet(
        `${name}-subnet-${letter}`,
        {
          vpcId: vpc.id,
          availabilityZone,
          cidrBlock: subnetRange(range, slot),
          mapPublicIpOnLaunch: true,
          tags,
        },
        { parent: this },
      );
      const association = new RouteTableAssociation(
        `${name}-route-${letter}`,
        { subnetId: subnet.id, routeTableId: routes.id },
        { parent: this },
      );
      // A node that boots before its way out cannot fetch anything: whoever uses the subnet waits for the route.
      return pulumi.all([subnet.id, association.id]).apply(([id]) => id);
    });
    return { id: vpc.id, subnets };
  }

  /** Of the endpoint by which operators come in: of the pool's own, or of one that the network has, which takes one only. */
  private endpointFirewall(name: string, { title, settings }: PoolNetworkArgs) {
    const { connectEndpoint } = settings.aws;
    if (connectEndpoint !== undefined) return { id: pulumi.output(connectEndpoint), isOwn: false };
    const group = new SecurityGroup(
      `${name}-endpoint-firewall`,
      { vpcId: this.id, description: `The way of operators into nodes of ${title}`, tags: { Name: title } },
      { parent: this },
    );
    return { id: group.id, isOwn: true };
  }

  /** EC2 Instance Connect: a tunnel from AWS's own API into the network, for whom IAM lets open it. */
  private createEndpoint(name: string, { title }: PoolNetworkArgs, securityGroup: pulumi.Output<string>) {
    const [subnetId] = this.subnets;
    if (subnetId === undefined) return;
    new SecurityGroupEgressRule(
      `${name}-endpoint-to-nodes`,
      {
        securityGroupId: securityGroup,
        description: 'SSH to the nodes',
        ipProtocol: 'tcp',
        fromPort: SSH,
        toPort: SSH,
        referencedSecurityGroupId: this.securityGroup,
      },
      { parent: this },
    );
    new InstanceConnectEndpoint(
      `${name}-endpoint`,
      {
        subnetId,
        securityGroupIds: [securityGroup],
        // Nodes are to see the endpoint, and not who comes by it: that is what their firewall knows.
        preserveClientIp: false,
        tags: { Name: title },
      },
      { parent: this },
    );
  }

  /**
   * The ways in are people's media, the agent's health for those who are named, and load balancers. SSH only from the
   * endpoint, where there is one.
   */
  private createFirewall(
    name: string,
    { title, settings, balancers }: PoolNetworkArgs,
    endpoint: pulumi.Output<string> | undefined,
  ): pulumi.Output<string> {
    const { signalFrom, mediaFrom, healthFrom } = settings.network;
    const { ports } = settings.media;
    const [firstUdp, lastUdp] = portRange(ports.rtcUdp);
    const ingress = [
      {
        what: 'signalling',
        protocol: 'tcp',
        from: ports.signal,
        to: ports.signal,
        ranges: withRanges(signalFrom, balancers.ranges),
        groups: balancers.securityGroups,
      },
      { what: 'media over TCP', protocol: 'tcp', from: ports.rtcTcp, to: ports.rtcTcp, ranges: mediaFrom },
      { what: 'media over UDP', protocol: 'udp', from: firstUdp, to: lastUdp, ranges: mediaFrom },
      {
        what: 'health and metrics of the agent',
        protocol: 'tcp',
        from: settings.agent.http.port,
        to: settings.agent.http.port,
        ranges: withRanges(healthFrom, balancers.ranges),
        groups: balancers.securityGroups,
      },
      ...(endpoint === undefined
        ? []
        : [{ what: 'operators', protocol: 'tcp', from: SSH, to: SSH, ranges: [], groups: [endpoint] }]),
    ];
    const group = new SecurityGroup(
      `${name}-firewall`,
      {
        vpcId: this.id,
        description: `Nodes of ${title}`,
        ingress: ingress
          .filter(({ ranges, groups = [] }) => ranges.length + groups.length > 0)
          .map(({ what, protocol, from, to, ranges, groups = [] }) => ({
            description: what,
            protocol,
            fromPort: from,
            toPort: to,
            ...(ranges.length === 0 ? {} : { cidrBlocks: ranges }),
            ...(groups.length === 0 ? {} : { securityGroups: groups }),
          })),
        egress: [
          { description: 'everything', protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: [EVERYWHERE] },
        ],
        tags: { Name: title },
      },
      { parent: this },
    );
    return group.id;
  }
}

/** By its letter, not by its place in a list: a zone more or less leaves the other zones' subnets where they are. */
function placeOf(zone: string): { letter: string; slot: number } {
  const letter = zone.slice(-1);
  return { letter, slot: letter.charCodeAt(0) - 'a'.charCodeAt(0) };
}

/** The `index`-th sixteenth of an IPv4 range. */
export function subnetRange(range: string, index: number): string {
  const [address = '', length = ''] = range.split('/');
  const bits = Number(length) + 4;
  const base = address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const subnet = base + index * 2 ** (32 - bits);
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(subnet / 2 ** shift) % 256);
  return `${parts.join('.')}/${bits}`;
}

function portRange(ports: number | string): [number, number] {
  if (typeof ports === 'number') return [ports, ports];
  const [first = 0, last = 0] = ports.split('-').map(Number);
  return [first, last];
}
