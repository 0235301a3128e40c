import { ActionGroup } from '@pulumi/azure-native/monitor/actionGroup.js';
import { DiagnosticSetting } from '@pulumi/azure-native/monitor/diagnosticSetting.js';
import { MetricAlert } from '@pulumi/azure-native/monitor/metricAlert.js';
import { ScheduledQueryRule } from '@pulumi/azure-native/monitor/scheduledQueryRule.js';
import { Workspace } from '@pulumi/azure-native/operationalinsights/workspace.js';
import * as pulumi from '@pulumi/pulumi';
import { describeAlarm, POOL_ALARMS, type PoolAlarmName } from '../../fleet/pool-alarms.ts';
import type { AzureNames } from './names.ts';
import type { AzureSettings } from './settings.ts';

export interface PoolAlertsArgs {
  settings: AzureSettings;
  names: AzureNames;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  /** The account whose jobs tell how the pool is. */
  automation: pulumi.Output<string>;
}

interface Alert {
  name: string;
  says: string;
  /** Lines of the runbook's log that are bad, or, with `absent`, that must be there; in the words of Azure's queries. */
  lines: string;
  absent?: boolean;
  /** More lines than these in the window: none, unless it says otherwise. */
  moreThan?: number;
  /** One alert for each value that the lines have of it, which its message tells. */
  apartBy?: 'reason';
}

/** What the runbook found, by the names that it gives it. */
const isOneOf = (what: readonly string[]) => `event in (${what.map((each) => `"found-${each}"`).join(', ')})`;
const found = (name: PoolAlarmName): Alert => ({
  name,
  says: describeAlarm(name),
  lines: isOneOf(POOL_ALARMS[name].findings),
});

/** What nodes say of themselves and has an alert of its own. */
const APART = Object.values(POOL_ALARMS).flatMap(({ findings }) =>
  findings.filter((each) => each.startsWith('node-') && each !== 'node-'),
);

const ALERTS: Alert[] = [
  found('stale'),
  { ...found('unknown'), apartBy: 'reason' },
  found('overdue'),
  found('ceiling'),
  found('calls-cut'),
  found('calls-lost'),
  // The runbook is woken each 5 to 10 minutes where the load is low, and each 15 in any case: half an hour, or more.
  { ...found('refused'), moreThan: 3 },
  found('stuck'),
  {
    ...found('alarming'),
    lines: `event startswith "found-node-" and not(${isOneOf(APART)})`,
  },
  {
    name: 'runbook-fails',
    says: 'The runbook fails in part: the pool may not shrink, and machines that are empty may be paid for.',
    lines: 'level == "error"',
  },
  {
    name: 'runbook-silent',
    says: 'The runbook has not looked at the pool for an hour, though it is woken each quarter of an hour: its schedules, its lock or its log tell why. No node leaves meanwhile.',
    // Who waits for another has seen nothing.
    lines: 'event == "scale-in"',
    absent: true,
  },
];

/** It runs each quarter of an hour at least: in two hours there is a line of what lasts, late logs and all. */
const WINDOW = 'PT2H';
/** Four times it should have run: a log that is late by half an hour still has two of them. */
const SILENT_FOR = 'PT1H';

/** What an operator must hear of. A pool that says nothing is an alert too. */
export class PoolAlerts extends pulumi.ComponentResource {
  /** Where the runbook's log is kept, and asked. */
  readonly logs: pulumi.Output<string>;

  constructor(name: string, args: PoolAlertsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolAlerts', name, {}, options);
    const { settings, names, resourceGroup, tags } = args;
    const { location } = settings.azureProvider;
    const actionGroups = this.receivers(name, args);
    const logs = this.keepLogs(name, args);
    for (const alert of ALERTS) {
      new ScheduledQueryRule(
        `${name}-${alert.name}`,
        {
          resourceGroupName: resourceGroup,
          ruleName: names.alert(alert.name),
          location,
          kind: 'LogAlert',
          displayName: `${names.scaleSet}: ${alert.name}`,
          description: alert.says,
          severity: 2,
          enabled: true,
          scopes: [logs],
          evaluationFrequency: 'PT15M',
          windowSize: alert.absent ? SILENT_FOR : WINDOW,
          criteria: {
            allOf: [
              {
                query: queryOf(alert, names.runbook),
                timeAggregation: 'Count',
                operator: alert.absent ? 'LessThan' : 'GreaterThan',
                threshold: alert.absent ? 1 : (alert.moreThan ?? 0),
                ...(alert.apartBy === undefined
                  ? {}
                  : { dimensions: [{ name: alert.apartBy, operator: 'Include', values: ['*'] }] }),
                failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
              },
            ],
          },
          // Azure makes a table when its first line comes.
          skipQueryValidation: true,
          autoMitigate: true,
          actions: { actionGroups },
          tags,
        },
        { parent: this },
      );
    }
    const jobs = this.watchJobs(name, args, actionGroups);
    this.sendLogs(name, args, logs, jobs);
    this.logs = logs;
    this.registerOutputs({ logs: this.logs });
  }

  private keepLogs(
    name: string,
    { settings, names, resourceGroup, tags }: PoolAlertsArgs,
  ): pulumi.Output<string> {
    const { location } = settings.azureProvider;
    const workspace = new Workspace(
      `${name}-logs`,
      {
        resourceGroupName: resourceGroup,
        workspaceName: names.logs(location),
        location,
        sku: { name: 'PerGB2018' },
        retentionInDays: settings.azure.logDays,
        tags,
      },
      { parent: this },
    );
    return workspace.id;
  }

  private sendLogs(
    name: string,
    { names, automation }: PoolAlertsArgs,
    workspaceId: pulumi.Output<string>,
    alert: pulumi.Resource,
  ): void {
    new DiagnosticSetting(
      `${name}-from-runbook`,
      {
        resourceUri: automation,
        name: names.scaleSet,
        workspaceId,
        logs: ['JobLogs', 'JobStreams'].map((category) => ({ category, enabled: true })),
      },
      // It is of Microsoft.Insights, which is registered in a subscription when its first thing is made there; by this, which
      // is made on something of another provider's, it is not.
      { parent: this, dependsOn: [alert] },
    );
  }

  /** A job that dies says nothing in its log. */
  private watchJobs(
    name: string,
    { names, resourceGroup, tags, automation }: PoolAlertsArgs,
    actionGroups: pulumi.Input<string>[],
  ): pulumi.Resource {
    return new MetricAlert(
      `${name}-jobs-fail`,
      {
        resourceGroupName: resourceGroup,
        ruleName: names.alert('jobs-fail'),
        location: 'global',
        description:
          'Jobs of the runbook fail: the pool does not shrink, and machines that are empty may be paid for.',
        severity: 2,
        enabled: true,
        scopes: [automation],
        evaluationFrequency: 'PT15M',
        windowSize: 'PT1H',
        criteria: {
          odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
          allOf: [
            {
              criterionType: 'StaticThresholdCriterion',
              name: 'failed',
              metricNamespace: 'Microsoft.Automation/automationAccounts',
              metricName: 'TotalJob',
              dimensions: [{ name: 'Status', operator: 'Include', values: ['Failed', 'Suspended'] }],
              operator: 'GreaterThan',
              threshold: 0,
              timeAggregation: 'Total',
            },
          ],
        },
        autoMitigate: true,
        actions: actionGroups.map((actionGroupId) => ({ actionGroupId })),
        tags,
      },
      { parent: this },
    );
  }

  private receivers(
    name: string,
    { settings, names, resourceGroup, tags }: PoolAlertsArgs,
  ): pulumi.Input<string>[] {
    const { notify } = settings.alarms;
    const addresses = notify.filter((who) => who.includes('@'));
    const groups: pulumi.Input<string>[] = notify.filter((who) => !who.includes('@'));
    if (addresses.length === 0) return groups;
    const group = new ActionGroup(
      `${name}-people`,
      {
        resourceGroupName: resourceGroup,
        actionGroupName: names.alert('people'),
        groupShortName: 'ebbtide',
        location: 'Global',
        enabled: true,
        emailReceivers: addresses.map((emailAddress) => ({
          name: emailAddress,
          emailAddress,
          useCommonAlertSchema: true,
        })),
        tags,
      },
      { parent: this },
    );
    return [...groups, group.id];
  }
}

function queryOf({ lines }: Alert, runbook: string): string {
  return [
    'AzureDiagnostics',
    '| where ResourceProvider == "MICROSOFT.AUTOMATION" and Category == "JobStreams"',
    // A column is there once a line has had it.
    `| where column_ifexists("RunbookName_s", "") == "${runbook}"`,
    // What a job prints comes in pieces of several lines.
    '| mv-expand text = split(column_ifexists("ResultDescription", ""), "\\n") to typeof(string)',
    '| extend line = parse_json(text)',
    '| extend event = tostring(line.event), level = tostring(line.level), reason = tostring(line.reason)',
    `| where ${lines}`,
  ].join('\n');
}
