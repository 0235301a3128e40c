import { Firewall } from '@pulumi/digitalocean/firewall.js';
import type { input } from '@pulumi/digitalocean/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings } from './settings.ts';

export interface PoolFirewallArgs {
  names: DigitalOceanNames;
  settings: DigitalOceanSettings;
  /** Whom it is for: every droplet that has it, also while it drains. */
  tag: pulumi.Output<string>;
  /** Those that bring people to the nodes, by their ids. */
  loadBalancers: pulumi.Input<string>[];
}

const ANYWHERE = ['0.0.0.0/0', '::/0'];
const ALL_PORTS = '1-65535';
const SSH = 22;

/** The ways in to a node: people's media, and the agent's health for those who are named. */
export class PoolFirewall extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: PoolFirewallArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolFirewall', name, {}, options);
    const { names, tag } = args;
    const firewall = new Firewall(
      name,
      {
        name: names.firewall,
        tags: [tag],
        inboundRules: inboundRules(args),
        // Whatever is not named is closed, on the way out too.
        outboundRules: [
          { protocol: 'tcp', portRange: ALL_PORTS, destinationAddresses: ANYWHERE },
          { protocol: 'udp', portRange: ALL_PORTS, destinationAddresses: ANYWHERE },
          { protocol: 'icmp', destinationAddresses: ANYWHERE },
        ],
      },
      { parent: this },
    );
    this.id = firewall.id;
    this.registerOutputs({ id: this.id });
  }
}

function inboundRules({ settings, loadBalancers }: PoolFirewallArgs): input.FirewallInboundRule[] {
  const { network, media, agent, digitalocean } = settings;
  const { ports } = media;
  const balancer = loadBalancers.length === 0 ? {} : { sourceLoadBalancerUids: loadBalancers };
  const rules = [
    { protocol: 'tcp', port: ports.signal, from: network.signalFrom, also: balancer },
    { protocol: 'tcp', port: ports.rtcTcp, from: network.mediaFrom },
    { protocol: 'udp', port: ports.rtcUdp, from: network.mediaFrom },
    { protocol: 'tcp', port: agent.http.port, from: network.healthFrom, also: balancer },
    { protocol: 'tcp', port: SSH, from: digitalocean.sshKeys.length > 0 ? digitalocean.sshFrom : [] },
  ];
  return rules.flatMap(({ protocol, port, from, also = {} }) => {
    const sources = { ...(from.length > 0 ? { sourceAddresses: from } : {}), ...also };
    // A rule without sources is none.
    return Object.keys(sources).length > 0 ? [{ protocol, portRange: String(port), ...sources }] : [];
  });
}
