import { ActionGroup } from '@pulumi/azure-native/monitor/actionGroup.js';
import { MetricAlert } from '@pulumi/azure-native/monitor/metricAlert.js';
import * as pulumi from '@pulumi/pulumi';
import type { AzureNames } from './names.ts';
import type { AzureSettings } from './settings.ts';
import type { Wake } from './wake.ts';

export interface LowLoadArgs {
  settings: AzureSettings;
  names: AzureNames;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  scaleSet: pulumi.Output<string>;
  wake: Wake;
}

/** The runbook's own: fuller than this part of the target the others must not become by a scale-in. */
const FULL = 0.8;

/** Wakes the runbook for as long as the load is low: without that nobody would look before the hour is over. */
export class LowLoad extends pulumi.ComponentResource {
  constructor(name: string, args: LowLoadArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:LowLoad', name, {}, options);
    const { settings, names, wake, resourceGroup, tags } = args;
    const { scaling } = settings;
    if (scaling.kind === 'cpu') {
      const group = new ActionGroup(
        `${name}-wakes`,
        {
          resourceGroupName: resourceGroup,
          actionGroupName: names.wake,
          groupShortName: 'ebb-wake',
          location: 'Global',
          enabled: true,
          logicAppReceivers: [
            { name: 'wake', resourceId: wake.id, callbackUrl: wake.url, useCommonAlertSchema: true },
          ],
          tags,
        },
        { parent: this },
      );
      new MetricAlert(
        name,
        {
          resourceGroupName: resourceGroup,
          ruleName: names.alert('low-load'),
          location: 'global',
          description: `Wakes the runbook that takes nodes out of ${names.scaleSet}. It fires again for as long as the load is low`,
          severity: 4,
          enabled: true,
          scopes: [args.scaleSet],
          evaluationFrequency: 'PT5M',
          windowSize: 'PT5M',
          criteria: {
            odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
            allOf: [
              {
                criterionType: 'StaticThresholdCriterion',
                name: 'low',
                metricNamespace: 'Microsoft.Compute/virtualMachineScaleSets',
                metricName: 'Percentage CPU',
                operator: 'LessThan',
                threshold: Math.floor(scaling.target * FULL),
                timeAggregation: 'Average',
              },
            ],
          },
          // One that remembers that it has fired would wake it once a night.
          autoMitigate: false,
          actions: [{ actionGroupId: group.id }],
          tags,
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
