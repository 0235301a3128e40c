import * as v from 'valibot';

/**
 * Every request that the twin understands, by service and action, with AWS's own member names. Strict: what is not
 * here our code does not send. A contract test holds these to AWS's service models.
 */

const text = v.pipe(v.string(), v.minLength(1));
const groupName = v.pipe(text, v.maxLength(255));
const hookName = v.pipe(text, v.maxLength(255));
const instanceId = v.pipe(text, v.maxLength(19));
const token = v.pipe(v.string(), v.length(36));
/** In the query protocol everything is text. */
const flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((value) => value === 'true'),
);
const number = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i, 'must be a number'))]),
  v.transform(Number),
);
const whole = v.pipe(number, v.integer());

const ownTag = v.strictObject({
  ResourceId: groupName,
  ResourceType: v.pipe(text, v.regex(/^auto-scaling-group$/)),
  Key: v.pipe(text, v.maxLength(128)),
  Value: v.optional(v.pipe(v.string(), v.maxLength(256))),
  // What is to reach machines would have to be told to each.
  PropagateAtLaunch: v.pipe(
    flag,
    v.check(
      (propagate) => !propagate,
      'the twin AWS does not simulate tags that come later and reach machines',
    ),
  ),
});

export const AUTO_SCALING_REQUESTS = {
  CompleteLifecycleAction: v.strictObject({
    AutoScalingGroupName: groupName,
    LifecycleHookName: hookName,
    LifecycleActionResult: v.picklist(['CONTINUE', 'ABANDON']),
    InstanceId: v.optional(instanceId),
    LifecycleActionToken: v.optional(token),
  }),
  RecordLifecycleActionHeartbeat: v.strictObject({
    AutoScalingGroupName: groupName,
    LifecycleHookName: hookName,
    InstanceId: v.optional(instanceId),
    LifecycleActionToken: v.optional(token),
  }),
  DescribeAutoScalingGroups: v.strictObject({
    AutoScalingGroupNames: v.optional(v.array(groupName)),
    IncludeInstances: v.optional(flag),
    NextToken: v.optional(text),
    MaxRecords: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(100))),
  }),
  UpdateAutoScalingGroup: v.strictObject({
    AutoScalingGroupName: groupName,
    MinSize: v.optional(whole),
    MaxSize: v.optional(whole),
    DesiredCapacity: v.optional(whole),
    TerminationPolicies: v.optional(v.array(text)),
    InstanceLifecyclePolicy: v.optional(
      v.strictObject({
        RetentionTriggers: v.optional(
          v.strictObject({ TerminateHookAbandon: v.optional(v.picklist(['retain', 'terminate'])) }),
        ),
      }),
    ),
  }),
  DescribeLifecycleHooks: v.strictObject({ AutoScalingGroupName: groupName }),
  SuspendProcesses: v.strictObject({ AutoScalingGroupName: groupName, ScalingProcesses: v.array(text) }),
  ResumeProcesses: v.strictObject({ AutoScalingGroupName: groupName, ScalingProcesses: v.array(text) }),
  EnableMetricsCollection: v.strictObject({
    AutoScalingGroupName: groupName,
    Metrics: v.array(text),
    Granularity: v.pipe(text, v.maxLength(255), v.regex(/^1Minute$/)),
  }),
  DisableMetricsCollection: v.strictObject({ AutoScalingGroupName: groupName, Metrics: v.array(text) }),
  CreateOrUpdateTags: v.strictObject({ Tags: v.array(ownTag) }),
  DeleteTags: v.strictObject({ Tags: v.array(ownTag) }),
  TerminateInstanceInAutoScalingGroup: v.strictObject({
    InstanceId: instanceId,
    ShouldDecrementDesiredCapacity: flag,
  }),
};

const targets = v.pipe(
  v.array(v.strictObject({ Id: text, Port: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(65_535))) })),
  v.minLength(1),
);

export const LOAD_BALANCING_REQUESTS = {
  RegisterTargets: v.strictObject({ TargetGroupArn: text, Targets: targets }),
  DeregisterTargets: v.strictObject({ TargetGroupArn: text, Targets: targets }),
};

const dimension = v.strictObject({
  Name: v.pipe(text, v.maxLength(255)),
  Value: v.pipe(text, v.maxLength(1024)),
});

const UNITS = ['Seconds', 'Milliseconds', 'Bytes', 'Percent', 'Count', 'Count/Second', 'None'] as const;

export const CLOUD_WATCH_REQUESTS = {
  PutMetricData: v.strictObject({
    Namespace: v.pipe(text, v.maxLength(255), v.regex(/^[^:]/, 'must not begin with a colon')),
    MetricData: v.pipe(
      v.array(
        v.strictObject({
          MetricName: v.pipe(text, v.maxLength(255)),
          Dimensions: v.optional(v.pipe(v.array(dimension), v.maxLength(30))),
          Timestamp: v.optional(v.pipe(v.string(), v.isoTimestamp())),
          Value: number,
          Unit: v.optional(v.picklist(UNITS)),
        }),
      ),
      v.minLength(1),
      v.maxLength(1000),
    ),
  }),
};

export const SSM_REQUESTS = {
  GetParameters: v.strictObject({
    Names: v.pipe(v.array(text), v.minLength(1), v.maxLength(10)),
    WithDecryption: v.optional(v.boolean()),
  }),
};

const bucket = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is not a bucket name'));
const key = v.pipe(text, v.maxLength(1024));

/** Members as the service model names them; where each travels (path, query, header) is S3's own business. */
export const S3_REQUESTS = {
  ListObjectsV2: v.strictObject({
    Bucket: bucket,
    Prefix: v.optional(v.string()),
    ContinuationToken: v.optional(text),
    MaxKeys: v.optional(v.pipe(whole, v.minValue(0))),
    StartAfter: v.optional(v.string()),
  }),
  GetObject: v.strictObject({ Bucket: bucket, Key: key }),
  PutObject: v.strictObject({ Bucket: bucket, Key: key, ContentType: v.optional(v.string()) }),
  DeleteObject: v.strictObject({ Bucket: bucket, Key: key }),
};
