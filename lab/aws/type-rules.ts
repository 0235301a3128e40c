import type { RulesByType } from '../pulumi/provider/type-rules.ts';

const NAMED = ['name', 'namePrefix'];

/** As the provider's documentation says: "Forces new resource", "Defaults to". */
export const AWS_RULES: RulesByType = {
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
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': { replaces: ['securityGroupId'] },
  'aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint': {
    replaces: ['subnetId', 'securityGroupIds', 'preserveClientIp'],
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
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': { autoName: 'name', replaces: ['name', 'logGroupName'] },
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
