import { Firewall } from '@pulumi/gcp/compute/firewall.js';
import { getSubnetworkOutput } from '@pulumi/gcp/compute/getSubnetwork.js';
import { Network } from '@pulumi/gcp/compute/network.js';
import { Subnetwork } from '@pulumi/gcp/compute/subnetwork.js';
import * as pulumi from '@pulumi/pulumi';
import { withRanges } from '../ranges.ts';
import { BALANCER_RANGES } from './balancer-rules.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

export interface PoolNetworkArgs {
  names: GcpNames;
  settings: GcpSettings;
  /** Whom the firewall's rules are for: the nodes' service account. */
  nodes: pulumi.Input<string>;
}

/** Whence Identity-Aware Proxy comes with what operators tunnel. */
const IAP_RANGE = '35.235.240.0/20';
const SSH = 22;
export const DEFAULT_RANGE = '10.87.0.0/16';

/** Where nodes live: an existing network, or a small one of the pool's own; and the firewall before them. */
export class PoolNetwork extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly subnet: pulumi.Output<string>;

  constructor(name: string, args: PoolNetworkArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:PoolNetwork', name, {}, options);
    const { id, subnets = [] } = args.settings.network;
    const [subnet] = subnets;
    const { network, subnetwork } =
      id === undefined || subnet === undefined
        ? this.createNetwork(name, args)
        : this.existingNetwork(id, subnet, args.settings);
    this.id = network;
    this.subnet = subnetwork;
    this.createFirewall(name, args);
    this.registerOutputs({ id: this.id, subnet: this.subnet });
  }

  /** The firewall is the network's: with another network's subnet it would protect nobody, and let nobody in. */
  private existingNetwork(id: string, subnet: string, { gcpProvider }: GcpSettings) {
    const { project, region } = gcpProvider;
    const asked = subnet.startsWith('projects/')
      ? { selfLink: subnet }
      : { name: subnet, project: projectOf(id) ?? project, region };
    const found = getSubnetworkOutput(asked, { parent: this });
    const network = id.startsWith('projects/') ? id : `projects/${project}/global/networks/${id}`;
    const subnetwork = pulumi.all([found.network, found.selfLink]).apply(([of, selfLink]) => {
      if (of.endsWith(network)) return selfLink;
      throw new pulumi.RunError(
        `ebbtide:network.subnets[0] is "${subnet}": it is in ${of}, and must be in ebbtide:network.id, which is ${id}`,
      );
    });
    return { network: pulumi.output(network), subnetwork };
  }

  /** Nodes have addresses of their own in the internet: people's media reaches them directly. */
  private createNetwork(name: string, { names, settings }: PoolNetworkArgs) {
    const network = new Network(
      name,
      {
        name: names.network,
        description: `The pool ${settings.pool.name}`,
        autoCreateSubnetworks: false,
        routingMode: 'REGIONAL',
      },
      { parent: this },
    );
    const subnet = new Subnetwork(
      `${name}-subnet`,
      {
        name: names.subnet,
        network: network.id,
        region: settings.gcpProvider.region,
        ipCidrRange: settings.network.cidr ?? DEFAULT_RANGE,
        // Google's own APIs, without a way through the internet.
        privateIpGoogleAccess: true,
      },
      { parent: this },
    );
    return { network: network.id, subnetwork: subnet.id };
  }

  /**
   * The ways in are people's media, the agent's health for those who are named, and load balancers. SSH only by Identity-Aware
   * Proxy, where that is asked for.
   */
  private createFirewall(name: string, { names, settings, nodes }: PoolNetworkArgs): void {
    const { signalFrom, mediaFrom, healthFrom, balancers, id } = settings.network;
    const balancerRanges = balancers.length > 0 ? BALANCER_RANGES : [];
    const { ports } = settings.media;
    const tcp = (port: number) => ({ protocol: 'tcp', ports: [String(port)] });
    const rules = [
      {
        what: 'signal',
        says: 'signalling',
        allows: [tcp(ports.signal)],
        from: withRanges(signalFrom, balancerRanges),
      },
      {
        what: 'media',
        says: 'media over TCP and UDP',
        allows: [tcp(ports.rtcTcp), { protocol: 'udp', ports: [String(ports.rtcUdp)] }],
        from: mediaFrom,
      },
      {
        what: 'health',
        says: 'health and metrics of the agent',
        allows: [tcp(settings.agent.http.port)],
        from: withRanges(healthFrom, balancerRanges),
      },
      {
        what: 'shell',
        says: 'operators, by Identity-Aware Proxy',
        allows: [tcp(SSH)],
        from: settings.access.shell ? [IAP_RANGE] : [],
      },
    ];
    const project = id === undefined ? undefined : projectOf(id);
    for (const { what, says, allows, from } of rules) {
      // A rule without ranges would be one for the whole world.
      if (from.length === 0) continue;
      new Firewall(
        `${name}-${what}`,
        {
          name: names.firewall(what),
          description: `${says} of the pool ${settings.pool.name}`,
          network: this.id,
          ...(project === undefined ? {} : { project }),
          direction: 'INGRESS',
          sourceRanges: from,
          targetServiceAccounts: [nodes],
          allows,
        },
        { parent: this },
      );
    }
  }
}

/** A network that another project shares. */
function projectOf(id: string): string | undefined {
  return /^projects\/([^/]+)\//.exec(id)?.[1];
}
