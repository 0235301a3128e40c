import * as v from 'valibot';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { Alarm, FunctionModel, Schedule } from '../model.ts';
import { INERT, ofType } from './resources.ts';

const functionSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  namePrefix: v.optional(v.string()),
  role: v.string(),
  handler: v.string(),
  runtime: v.string(),
  code: v.record(v.string(), v.instance(Buffer)),
  sourceCodeHash: v.optional(v.string()),
  timeout: v.optional(v.number(), 3),
  memorySize: v.optional(v.number(), 128),
  architectures: v.optional(v.array(v.string())),
  environment: v.optional(v.strictObject({ variables: v.optional(v.record(v.string(), v.string()), {}) })),
  reservedConcurrentExecutions: v.optional(v.number()),
  loggingConfig: v.optional(v.unknown()),
  tracingConfig: v.optional(v.unknown()),
  packageType: v.optional(v.literal('Zip')),
  publish: v.optional(v.literal(false)),
  invokeArn: v.string(),
  qualifiedArn: v.string(),
  version: v.string(),
});

const permissionSchema = v.strictObject({
  ...INERT,
  statementId: v.optional(v.string()),
  statementIdPrefix: v.optional(v.string()),
  action: v.string(),
  function: v.string(),
  principal: v.string(),
  sourceArn: v.optional(v.string()),
  sourceAccount: v.optional(v.string()),
});

export function readFunctions(resources: readonly RecordedResource[]): FunctionModel[] {
  const permissions = ofType(resources, ['aws:lambda/permission:Permission'], permissionSchema);
  return ofType(resources, ['aws:lambda/function:Function'], functionSchema).map(({ arn, is }) => ({
    name: is.name,
    arn,
    role: is.role,
    handler: is.handler,
    runtime: is.runtime,
    timeoutMs: is.timeout * 1000,
    memoryMb: is.memorySize,
    environment: is.environment?.variables ?? {},
    files: is.code,
    permissions: permissions
      .filter(({ is: permission }) => permission.function === is.name || permission.function === arn)
      .map(({ is: { principal, action, sourceArn } }) => ({
        principal,
        action,
        ...(sourceArn === undefined ? {} : { sourceArn }),
      })),
  }));
}

const ruleSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  namePrefix: v.optional(v.string()),
  scheduleExpression: v.string('the twin knows rules with a schedule only'),
  state: v.optional(v.string(), 'ENABLED'),
  isEnabled: v.optional(v.boolean(), true),
});
const targetSchema = v.strictObject({
  ...INERT,
  rule: v.string(),
  arn: v.string(),
  targetId: v.optional(v.string()),
  input: v.optional(v.string()),
  retryPolicy: v.optional(v.unknown()),
  deadLetterConfig: v.optional(v.unknown()),
});
const scheduleSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  namePrefix: v.optional(v.string()),
  groupName: v.optional(v.string()),
  scheduleExpression: v.string(),
  scheduleExpressionTimezone: v.optional(v.string()),
  flexibleTimeWindow: v.optional(v.unknown()),
  state: v.optional(v.string(), 'ENABLED'),
  target: v.strictObject({
    arn: v.string(),
    roleArn: v.string(),
    input: v.optional(v.string()),
    retryPolicy: v.optional(v.unknown()),
    deadLetterConfig: v.optional(v.unknown()),
  }),
});

export function readSchedules(resources: readonly RecordedResource[]): Schedule[] {
  const rules = ofType(resources, ['aws:cloudwatch/eventRule:EventRule'], ruleSchema);
  const targets = ofType(resources, ['aws:cloudwatch/eventTarget:EventTarget'], targetSchema);
  const byRule = targets.map(({ name, is: target }): Schedule => {
    const rule = rules.find(({ is }) => is.name === target.rule);
    if (!rule) throw new Error(`event target "${name}" names a rule that is not there: ${target.rule}`);
    return {
      name: rule.is.name,
      arn: rule.arn,
      everyMs: everyMs(rule.is.scheduleExpression, rule.name),
      target: target.arn,
      ...(target.input === undefined ? {} : { input: target.input }),
      caller: { kind: 'rule' },
      enabled: rule.is.isEnabled && rule.is.state !== 'DISABLED',
    };
  });
  const scheduled = ofType(resources, ['aws:scheduler/schedule:Schedule'], scheduleSchema).map(
    ({ name, arn, is }): Schedule => ({
      name: is.name,
      arn,
      everyMs: everyMs(is.scheduleExpression, name),
      target: is.target.arn,
      ...(is.target.input === undefined ? {} : { input: is.target.input }),
      caller: { kind: 'role', role: is.target.roleArn },
      enabled: is.state !== 'DISABLED',
    }),
  );
  return [...byRule, ...scheduled];
}

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

function everyMs(expression: string, owner: string): number {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (!match)
    throw new Error(`"${owner}": the twin AWS knows schedules of the form rate(1 minute), not ${expression}`);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

const alarmSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  namePrefix: v.optional(v.string()),
  alarmDescription: v.optional(v.string()),
  namespace: v.string(),
  metricName: v.string(),
  dimensions: v.optional(v.record(v.string(), v.string()), {}),
  statistic: v.picklist(['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount']),
  period: v.number(),
  evaluationPeriods: v.number(),
  datapointsToAlarm: v.optional(v.number()),
  threshold: v.number(),
  unit: v.optional(v.string()),
  comparisonOperator: v.picklist([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  treatMissingData: v.optional(v.picklist(['missing', 'notBreaching', 'breaching', 'ignore']), 'missing'),
  actionsEnabled: v.optional(v.boolean()),
  alarmActions: v.optional(v.unknown()),
  okActions: v.optional(v.unknown()),
  insufficientDataActions: v.optional(v.unknown()),
});

export function readAlarms(resources: readonly RecordedResource[]): Alarm[] {
  return ofType(resources, ['aws:cloudwatch/metricAlarm:MetricAlarm'], alarmSchema).map(({ is }) => ({
    name: is.name,
    namespace: is.namespace,
    metric: is.metricName,
    dimensions: is.dimensions,
    statistic: is.statistic,
    periodMs: is.period * 1000,
    evaluationPeriods: is.evaluationPeriods,
    datapointsToAlarm: is.datapointsToAlarm ?? is.evaluationPeriods,
    threshold: is.threshold,
    comparison: is.comparisonOperator,
    missing: is.treatMissingData,
  }));
}
