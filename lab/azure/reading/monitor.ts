import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { ActionGroup, AutoscaleSetting, MetricAlert } from '../model.ts';
import { aggregation, CPU, comparison, fewTags, INERT, isoDuration } from './common.ts';

const cpu = v.literal(CPU, 'the twin measures the processor only');
const wholeText = v.pipe(v.string(), v.digits(), v.transform(Number));
const ruleSchema = v.strictObject({
  metricTrigger: v.strictObject({
    metricName: cpu,
    metricResourceUri: v.string(),
    metricNamespace: v.optional(v.string()),
    timeGrain: v.literal('PT1M'),
    statistic: aggregation,
    timeWindow: isoDuration,
    timeAggregation: aggregation,
    operator: comparison,
    threshold: v.number(),
    dividePerInstance: v.optional(v.literal(false)),
  }),
  scaleAction: v.strictObject({
    direction: v.picklist(['Increase', 'Decrease']),
    type: v.literal('ChangeCount'),
    value: wholeText,
    cooldown: isoDuration,
  }),
});
const settingSchema = v.strictObject({
  ...INERT,
  tags: fewTags,
  autoscaleSettingName: v.string(),
  targetResourceUri: v.string(),
  enabled: v.optional(v.boolean(), true),
  profiles: v.strictTuple([
    v.strictObject({
      name: v.string(),
      capacity: v.strictObject({ minimum: wholeText, maximum: wholeText, default: wholeText }),
      rules: v.array(ruleSchema),
    }),
  ]),
});

export function readAutoscale(resources: readonly RecordedResource[]): AutoscaleSetting[] {
  return ofType(resources, ['azure-native:monitor:AutoscaleSetting'], settingSchema).map(({ id, is }) => {
    const [{ capacity, rules }] = is.profiles;
    return {
      id,
      target: is.targetResourceUri,
      enabled: is.enabled,
      min: capacity.minimum,
      max: capacity.maximum,
      initial: capacity.default,
      rules: rules.map(({ metricTrigger: when, scaleAction: then }) => ({
        comparison: when.operator,
        threshold: when.threshold,
        windowMs: when.timeWindow,
        statistic: when.statistic,
        aggregation: when.timeAggregation,
        direction: then.direction,
        by: then.value,
        coolDownMs: then.cooldown,
      })),
    };
  });
}

const groupSchema = v.strictObject({
  ...INERT,
  actionGroupName: v.string(),
  groupShortName: v.pipe(v.string(), v.maxLength(12)),
  enabled: v.optional(v.boolean(), true),
  emailReceivers: v.optional(v.unknown()),
  logicAppReceivers: v.optional(
    v.array(
      v.strictObject({
        name: v.string(),
        resourceId: v.string(),
        callbackUrl: v.string(),
        useCommonAlertSchema: v.literal(true, 'the twin speaks the common alert schema only'),
      }),
    ),
    [],
  ),
});

export function readActionGroups(resources: readonly RecordedResource[]): ActionGroup[] {
  return ofType(resources, ['azure-native:monitor:ActionGroup'], groupSchema).map(({ id, is }) => ({
    id,
    enabled: is.enabled,
    calls: is.logicAppReceivers.map(({ name, callbackUrl }) => ({ name, url: callbackUrl })),
  }));
}

const anyAlertSchema = v.object({
  criteria: v.object({ allOf: v.array(v.object({ metricName: v.string() })) }),
});
const alertSchema = v.strictObject({
  ...INERT,
  ruleName: v.string(),
  severity: v.number(),
  enabled: v.boolean(),
  scopes: v.strictTuple([v.string()]),
  evaluationFrequency: isoDuration,
  windowSize: isoDuration,
  criteria: v.strictObject({
    odataType: v.literal('Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'),
    allOf: v.strictTuple([
      v.strictObject({
        criterionType: v.literal('StaticThresholdCriterion'),
        name: v.string(),
        metricNamespace: v.optional(v.string()),
        metricName: cpu,
        operator: comparison,
        threshold: v.number(),
        timeAggregation: aggregation,
      }),
    ]),
  }),
  autoMitigate: v.optional(v.boolean(), true),
  actions: v.optional(v.array(v.object({ actionGroupId: v.string() })), []),
});

/** Those on the processor. What others watch, a twin does not measure, and they wake nobody but people. */
export function readAlerts(resources: readonly RecordedResource[]): MetricAlert[] {
  const type = ['azure-native:monitor:MetricAlert'];
  const onCpu = ofType(resources, type, anyAlertSchema)
    .filter(({ is }) => is.criteria.allOf.some(({ metricName }) => metricName === CPU))
    .map(({ resource }) => resource);
  return ofType(onCpu, type, alertSchema).map(({ id, is }) => {
    const [criterion] = is.criteria.allOf;
    return {
      id,
      name: is.ruleName,
      scope: is.scopes[0],
      enabled: is.enabled,
      comparison: criterion.operator,
      threshold: criterion.threshold,
      aggregation: criterion.timeAggregation,
      windowMs: is.windowSize,
      everyMs: is.evaluationFrequency,
      stateful: is.autoMitigate,
      actionGroups: is.actions.map(({ actionGroupId }) => actionGroupId),
    };
  });
}
