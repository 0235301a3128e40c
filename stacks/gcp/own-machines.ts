import type * as pulumi from '@pulumi/pulumi';
import { PoolGroup } from './group.ts';
import type { Machines, MachinesArgs } from './machines.ts';
import { PoolNetwork } from './network.ts';
import { NodeIdentity } from './node-identity.ts';
import { NodeTemplate, nodeFingerprint } from './template.ts';

/** A group, and all that its machines are made from. */
export function ownMachines(
  name: string,
  { settings, names, store, software, boot, zones }: MachinesArgs & { zones: string[] },
  options: pulumi.CustomResourceOptions,
): Machines {
  const identity = new NodeIdentity(`${name}-node`, { names, pool: settings.pool.name, store }, options);
  const network = new PoolNetwork(`${name}-network`, { names, settings, nodes: identity.email }, options);
  const made = nodeFingerprint({ settings, names, boot, software }, options);
  return {
    template: made.fingerprint,
    member: identity.member,
    scale({ prunerUrl, lives }) {
      const template = new NodeTemplate(
        `${name}-template`,
        {
          settings,
          names,
          subnet: network.subnet,
          nodeAccount: identity.email,
          boot,
          software,
          made,
          prunerUrl,
        },
        options,
      );
      const group = new PoolGroup(
        `${name}-group`,
        { settings, names, zones, template: template.selfLink, lives: [network, identity, ...lives] },
        options,
      );
      return { name: group.name, resources: [identity, network, template, group] };
    },
    sweep: { code: 'gcp/run-sweep.ts' },
    outputs: { network: network.id, securityGroup: identity.email },
  };
}
