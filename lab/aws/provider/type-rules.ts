import type { Inputs } from '../resource-types.ts';

/** What the real provider does with one type beyond keeping what it is given, as far as the program uses it. */
export interface TypeRules {
  /** The member that gets a generated name where neither it nor its prefix is given. */
  autoName?: string;
  /** What is not given. */
  defaults?: Inputs;
  /** Another value of these cannot be given to a thing that is there: it is made anew. */
  replaces: readonly string[];
  /** What an update makes anew, so that a preview does not know it. */
  renewed?: readonly string[];
}

/** A type that is not here has no such rules: every change of it is an update. */
export function rulesOf(type: string): TypeRules {
  return RULES[type] ?? { replaces: [] };
}

const NAMED = ['name', 'namePrefix'];

/** As the provider's documentation says: "Forces new resource", "Defaults to". */
const RULES: Record<string, TypeRules> = {
  'aws:autoscaling/group:Group': {
    autoName: 'name',
    defaults: { forceDelete: false, waitForCapacityTimeout: '10m', metricsGranularity: '1Minute' },
    replaces: [...NAMED, 'initialLifecycleHooks'],
  },
  'aws:autoscaling/lifecycleHook:LifecycleHook': {
    autoName: 'name',
    replaces: ['name', 'autoscalingGroupName'],
  },
  'aws:autoscaling/policy:Policy': {
    autoName: 'name',
    defaults: { enabled: true },
    replaces: ['name', 'autoscalingGroupName'],
  },
  'aws:ec2/launchTemplate:LaunchTemplate': {
    autoName: 'name',
    replaces: NAMED,
    renewed: ['latestVersion', 'defaultVersion'],
  },
  'aws:ec2/vpc:Vpc': { defaults: { enableDnsSupport: true }, replaces: ['cidrBlock'] },
  'aws:ec2/subnet:Subnet': { replaces: ['vpcId', 'cidrBlock', 'availabilityZone'] },
  'aws:ec2/routeTable:RouteTable': { replaces: ['vpcId'] },
  'aws:ec2/routeTableAssociation:RouteTableAssociation': { replaces: ['subnetId', 'gatewayId'] },
  'aws:ec2/securityGroup:SecurityGroup': {
    autoName: 'name',
    defaults: { description: 'Managed by Pulumi' },
    replaces: [...NAMED, 'description', 'vpcId'],
  },
  'aws:iam/role:Role': {
    autoName: 'name',
    defaults: { path: '/', maxSessionDuration: 3600, forceDetachPolicies: false },
    replaces: [...NAMED, 'path'],
  },
  'aws:iam/rolePolicy:RolePolicy': { autoName: 'name', replaces: [...NAMED, 'role'] },
  'aws:iam/instanceProfile:InstanceProfile': {
    autoName: 'name',
    defaults: { path: '/' },
    replaces: [...NAMED, 'path'],
  },
  'aws:iam/serviceLinkedRole:ServiceLinkedRole': { replaces: ['awsServiceName', 'customSuffix'] },
  'aws:lambda/function:Function': {
    autoName: 'name',
    defaults: { memorySize: 128, timeout: 3, packageType: 'Zip', publish: false },
    replaces: ['name', 'packageType'],
  },
  'aws:lambda/permission:Permission': {
    autoName: 'statementId',
    replaces: [
      'action',
      'function',
      'principal',
      'sourceArn',
      'sourceAccount',
      'statementId',
      'statementIdPrefix',
    ],
  },
  'aws:cloudwatch/eventRule:EventRule': { autoName: 'name', replaces: NAMED },
  'aws:cloudwatch/eventTarget:EventTarget': { replaces: ['rule', 'targetId'] },
  'aws:cloudwatch/logGroup:LogGroup': { autoName: 'name', replaces: NAMED },
  'aws:cloudwatch/metricAlarm:MetricAlarm': {
    autoName: 'name',
    defaults: { actionsEnabled: true, treatMissingData: 'missing' },
    replaces: ['name'],
  },
  'aws:ssm/parameter:Parameter': { autoName: 'name', replaces: ['name', 'dataType'] },
  'aws:s3/bucket:Bucket': {
    autoName: 'bucket',
    defaults: { forceDestroy: false },
    replaces: ['bucket', 'bucketPrefix'],
  },
  'aws:s3/bucketObjectv2:BucketObjectv2': { replaces: ['bucket', 'key'], renewed: ['etag'] },
  'aws:s3/bucketPolicy:BucketPolicy': { replaces: ['bucket'] },
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': { replaces: ['bucket'] },
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': {
    replaces: ['bucket'],
  },
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': { replaces: ['bucket'] },
};
