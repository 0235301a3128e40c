import { AutoscaleSetting } from '@pulumi/azure-native/monitor/autoscaleSetting.js';
import * as pulumi from '@pulumi/pulumi';
import { isoDuration } from '../iso-duration.ts';
import { DEFAULT_LOW_FOR_MS } from './low-for.ts';
import { mostNodes } from './most-nodes.ts';
import type { AzureNames } from './names.ts';
import type { AzureSettings } from './settings.ts';

export interface PoolGrowthArgs {
  settings: AzureSettings;
  names: AzureNames;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  scaleSet: pulumi.Output<string>;
  /** How many there are when it is written. */
  capacity: pulumi.Output<number>;
}

const CPU = 'Percentage CPU';
/** Azure looks at no less than five minutes. */
const LOOK_BACK_MS = 5 * 60_000;
/** Nor does it wait for less than one. */
const LEAST_WAIT_MS = 60_000;
/** By how much of the pool it grows at once. */
const STEP = 10;

/** What makes the set grow, and never shrink: that is the runbook's, which knows where the calls are. */
export class PoolGrowth extends pulumi.ComponentResource {
  constructor(name: string, args: PoolGrowthArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolGrowth', name, {}, options);
    const { settings, names, scaleSet } = args;
    const { pool } = settings;
    const rules = rulesOf(settings, scaleSet);
    if (rules.length > 0) {
      new AutoscaleSetting(
        name,
        {
          resourceGroupName: args.resourceGroup,
          autoscaleSettingName: names.autoscale,
          name: names.autoscale,
          location: settings.azureProvider.location,
          targetResourceUri: scaleSet,
          enabled: true,
          profiles: [
            {
              name: 'growth',
              capacity: {
                minimum: String(pool.min),
                // What is beyond it Azure deletes, whatever its rules are, and whatever is on it.
                maximum: args.capacity.apply((there) => String(Math.max(mostNodes(settings), there))),
                // Where Azure cannot read the load, it makes the set at least so big.
                default: String(pool.min),
              },
              rules,
            },
          ],
          tags: args.tags,
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}

/**
 * Two rules: the mean of all, and the fullest one. Azure's mean counts nodes that drain, too, which have less and less to
 * do: with many of those it stays low while the others are full. One full node then says so for itself.
 */
function rulesOf({ pool, scaling }: AzureSettings, scaleSet: pulumi.Output<string>) {
  switch (scaling.kind) {
    case 'cpu': {
      const { target, warmUp, lowFor = DEFAULT_LOW_FOR_MS } = scaling;
      const mean = {
        metricTrigger: metric(scaleSet, 'Average', target),
        scaleAction: grow(Math.ceil(pool.max / STEP), Math.max(warmUp, LEAST_WAIT_MS)),
      };
      const fullest = {
        metricTrigger: metric(scaleSet, 'Max', Math.round((target + 100) / 2)),
        // One big room fills a node too, and another node is no help to it. In longer than the runbook needs to see that a
        // node is too many, that one is taken back before a next one comes.
        scaleAction: grow(1, Math.max(warmUp, LEAST_WAIT_MS, lowFor + LOOK_BACK_MS)),
      };
      return [mean, fullest];
    }
    case 'none':
      return [];
    default:
      return scaling satisfies never;
  }
}

function metric(metricResourceUri: pulumi.Output<string>, statistic: 'Average' | 'Max', threshold: number) {
  return {
    metricName: CPU,
    metricResourceUri,
    timeGrain: 'PT1M',
    /** Over the instances, in each minute; and then over the minutes. */
    statistic,
    timeWindow: isoDuration(LOOK_BACK_MS),
    timeAggregation: 'Average' as const,
    operator: 'GreaterThan' as const,
    threshold,
    dividePerInstance: false,
  };
}

function grow(by: number, waitMs: number) {
  return {
    direction: 'Increase' as const,
    type: 'ChangeCount' as const,
    value: String(by),
    cooldown: isoDuration(waitMs),
  };
}
