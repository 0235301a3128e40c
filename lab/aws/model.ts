import type { Hook } from './lifecycle.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { ExistingTargetGroup } from './target-groups.ts';

/** What one program provisioned in a twin AWS: plain data, so that many twins can be made of one application. */
export interface AwsModel {
  account: string;
  region: string;
  partition: string;
  buckets: Bucket[];
  objects: ProvisionedObject[];
  parameters: Parameter[];
  roles: Role[];
  functions: FunctionModel[];
  schedules: Schedule[];
  alarms: Alarm[];
  groups: Group[];
  /** Somebody else's: they were there before. */
  targetGroups: ExistingTargetGroup[];
}

export interface Bucket {
  name: string;
  arn: string;
  policy?: PolicyDocument;
}

export interface ProvisionedObject {
  bucket: string;
  key: string;
  body: Buffer;
}

export interface Parameter {
  name: string;
  arn: string;
  type: 'String' | 'StringList' | 'SecureString';
  value: string;
}

export interface Role {
  name: string;
  arn: string;
  /** `AROA…`: the first half of `aws:userid`. */
  uniqueId: string;
  /** Who may take it, by service principal. */
  trusted: string[];
  policies: PolicyDocument[];
}

export interface FunctionModel {
  name: string;
  arn: string;
  role: string;
  handler: string;
  runtime: string;
  timeoutMs: number;
  memoryMb: number;
  environment: Record<string, string>;
  /** File name → content, as in the deployment package. */
  files: Record<string, Buffer>;
  /** Who may invoke it. */
  permissions: Permission[];
}

export interface Permission {
  principal: string;
  action: string;
  sourceArn?: string;
}

export interface Schedule {
  name: string;
  arn: string;
  everyMs: number;
  target: string;
  input?: string;
  /** EventBridge Scheduler calls with a role, EventBridge rules by the function's own permission. */
  caller: { kind: 'rule' } | { kind: 'role'; role: string };
  enabled: boolean;
}

export interface Alarm {
  name: string;
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  statistic: 'Average' | 'Sum' | 'Minimum' | 'Maximum' | 'SampleCount';
  periodMs: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  threshold: number;
  comparison:
    | 'GreaterThanThreshold'
    | 'GreaterThanOrEqualToThreshold'
    | 'LessThanThreshold'
    | 'LessThanOrEqualToThreshold';
  missing: 'missing' | 'notBreaching' | 'breaching' | 'ignore';
}

export interface Group {
  name: string;
  arn: string;
  min: number;
  max: number;
  desired: number;
  /** One zone for each subnet. */
  zones: string[];
  subnets: string[];
  hooks: Hook[];
  terminateHookAbandon: 'retain' | 'terminate';
  /** In order; an ARN is a custom policy, and must come first. */
  terminationPolicies: string[];
  serviceLinkedRole: string;
  warmUpMs: number;
  tracking: Tracking[];
  enabledMetrics: string[];
  /** Processes that AWS does not run for it: `Terminate` and so on. */
  suspended: string[];
  /** Which its machines get too. */
  tags: Record<string, string>;
  ownTags: Record<string, string>;
  template: LaunchTemplate;
}

/** Target tracking on the average CPU of the group. */
export interface Tracking {
  name: string;
  target: number;
  disableScaleIn: boolean;
  warmUpMs: number;
}

export interface LaunchTemplate {
  id: string;
  name: string;
  version: string;
  /** Decoded: what cloud-init gets to read. */
  userData: string;
  instanceType: string;
  /** The role of the instance profile; undefined for none: such an instance has no credentials. */
  role?: string;
  metadata: { tokensRequired: boolean; tagsEnabled: boolean };
  tags: Record<string, string>;
}
