import { RegionAutoscaler } from '@pulumi/gcp/compute/regionAutoscaler.js';
import { RegionInstanceGroupManager } from '@pulumi/gcp/compute/regionInstanceGroupManager.js';
import * as pulumi from '@pulumi/pulumi';
import { seconds } from '../seconds.ts';
import { SIGNAL_PORT } from './balancer-rules.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

export interface PoolGroupArgs {
  settings: GcpSettings;
  names: GcpNames;
  zones: string[];
  template: pulumi.Output<string>;
  /** What must be there for as long as there are nodes: made before the group, destroyed after it. */
  lives: pulumi.Resource[];
}

/** By which a group is known as this pool's. Never to be reworded: with another one the group would be another. */
export function groupDescription(pool: string): string {
  return `Nodes of the Ebbtide pool ${pool}: the pruner alone takes machines out of it`;
}

/** The group that GCP makes grow, and that nothing makes shrink but the pruner. */
export class PoolGroup extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: PoolGroupArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:PoolGroup', name, {}, options);
    const { settings, names } = args;
    const { pool, scaling, network, media } = settings;
    const { region } = settings.gcpProvider;
    const group = new RegionInstanceGroupManager(
      name,
      {
        name: names.group,
        region,
        description: groupDescription(pool.name),
        baseInstanceName: names.instanceBase,
        versions: [{ instanceTemplate: args.template }],
        distributionPolicyZones: args.zones,
        // Evenly, but for a zone that has no room: an even group would wait for it, and not grow at all.
        distributionPolicyTargetShape: 'BALANCED',
        // Neither a changed template nor a zone that has more than its share replaces a machine that runs.
        updatePolicy: { type: 'OPPORTUNISTIC', minimalAction: 'REPLACE', instanceRedistributionType: 'NONE' },
        // A machine that has died is made again, as new ones are. No health check: "not healthy" is not "without calls".
        instanceLifecyclePolicy: {
          defaultActionOnFailure: 'REPAIR',
          onFailedHealthCheck: 'DO_NOTHING',
          forceUpdateOnRepair: 'YES',
        },
        ...(network.balancers.length === 0
          ? {}
          : { namedPorts: [{ name: SIGNAL_PORT, port: media.ports.signal }] }),
        // Without it a list of machines ends at the first page.
        listManagedInstancesResults: 'PAGINATED',
        // The size is the autoscaler's alone: one that is given here would delete what goes beyond it.
        ...(scaling.kind === 'none' ? { targetSize: pool.initial ?? pool.min } : {}),
        waitForInstances: false,
      },
      {
        parent: this,
        dependsOn: args.lives,
        ignoreChanges: ['targetSize'],
        // Google deletes a group with every machine in it, whatever is on them. Of what has a name the provider would
        // delete the old one first: so that a replacement fails at "already exists" instead, with nothing deleted.
        deleteBeforeReplace: false,
      },
    );
    new RegionAutoscaler(
      `${name}-cpu`,
      {
        name: names.autoscaler,
        region,
        target: group.selfLink,
        autoscalingPolicy: {
          ...howToScale(scaling),
          minReplicas: pool.min,
          maxReplicas: pool.max,
          cooldownPeriod: seconds(scaling.warmUp),
        },
      },
      { parent: this },
    );
    this.name = group.name;
    this.registerOutputs({ name: this.name });
  }
}

/** In its mode ON it deletes machines 90 seconds after it has told them. OFF it tells a size, and does nothing. */
function howToScale(scaling: GcpSettings['scaling']) {
  switch (scaling.kind) {
    case 'cpu':
      return { mode: 'ONLY_SCALE_OUT', cpuUtilization: { target: scaling.target / 100 } };
    case 'none':
      return { mode: 'OFF' };
    default:
      return scaling satisfies never;
  }
}
