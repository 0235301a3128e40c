import { LoadBalancer } from '@pulumi/digitalocean/loadBalancer.js';
import * as pulumi from '@pulumi/pulumi';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings, LoadBalancerSettings } from './settings.ts';

export interface PoolLoadBalancerArgs {
  names: DigitalOceanNames;
  settings: DigitalOceanSettings;
  loadBalancer: LoadBalancerSettings;
  tag: pulumi.Output<string>;
  network: pulumi.Output<string>;
}

/** The longest that DigitalOcean waits between two words of a signalling connection. */
const IDLE_SECONDS = 600;

/** Brings people's signalling to nodes that take new work. Media reaches the nodes by itself. */
export class PoolLoadBalancer extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: PoolLoadBalancerArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolLoadBalancer', name, {}, options);
    const { names, settings, loadBalancer, tag, network } = args;
    const { certificate, units } = loadBalancer;
    const target = { targetPort: settings.media.ports.signal, targetProtocol: 'http' };
    const balancer = new LoadBalancer(
      name,
      {
        name: names.loadBalancer,
        region: settings.digitalocean.region,
        sizeUnit: units,
        vpcUuid: network,
        // Droplets come and go by the orchestrator's hand: nobody would list them here.
        dropletTag: tag,
        forwardingRules: [
          certificate === undefined
            ? { entryPort: 80, entryProtocol: 'http', ...target }
            : { entryPort: 443, entryProtocol: 'https', certificateName: certificate, ...target },
        ],
        // 200 only while the node takes new work. One that drains keeps the connections that it has.
        healthcheck: {
          protocol: 'http',
          port: settings.agent.http.port,
          path: '/healthz',
          checkIntervalSeconds: 5,
          responseTimeoutSeconds: 3,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        httpIdleTimeoutSeconds: IDLE_SECONDS,
      },
      { parent: this },
    );
    this.id = balancer.id;
    this.registerOutputs({ id: this.id });
  }
}
