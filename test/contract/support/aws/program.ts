import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

/** A small pool as a Pulumi program: everything that the twin AWS simulates, once. */
const config = new pulumi.Config('ebbtide');
const settings = config.requireObject<{ min: number; max: number; initial: number; target?: number }>('pool');
const policySource =
  config.get('terminationPolicy') ?? 'exports.handler = async () => ({ InstanceIDs: [] });';
const provider = new aws.Provider('aws', { region: 'eu-west-1' });
const opts = { provider };

const zones = aws.getAvailabilityZonesOutput({}, opts);
const vpc = new aws.ec2.Vpc('pool', { cidrBlock: '10.0.0.0/16' }, opts);
const subnets = [0, 1].map(
  (index) =>
    new aws.ec2.Subnet(
      `pool-${index}`,
      {
        vpcId: vpc.id,
        cidrBlock: `10.0.${index}.0/24`,
        availabilityZone: zones.names.apply((names) => names[index] ?? ''),
      },
      opts,
    ),
);

const bucket = new aws.s3.Bucket('pool', { bucketPrefix: 'ebbtide-media-' }, opts);
new aws.s3.BucketPolicy(
  'tls-only',
  {
    bucket: bucket.bucket,
    policy: bucket.arn.apply((arn) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [arn, `${arn}/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      }),
    ),
  },
  opts,
);
new aws.s3.BucketObject(
  'software',
  { bucket: bucket.bucket, key: 'software/agent.cjs', source: new pulumi.asset.StringAsset('// the agent') },
  opts,
);
new aws.ssm.Parameter(
  'keys',
  { name: '/ebbtide/media/keys', type: 'SecureString', value: pulumi.secret('key: secret') },
  opts,
);

function assume(service: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
}

const groupName = 'ebbtide-media';
const groupArn = `arn:aws:autoscaling:eu-west-1:*:autoScalingGroup:*:autoScalingGroupName/${groupName}`;
const nodeRole = new aws.iam.Role(
  'node',
  { name: 'ebbtide-media-node', assumeRolePolicy: assume('ec2.amazonaws.com') },
  opts,
);
new aws.iam.RolePolicy(
  'node',
  {
    role: nodeRole.id,
    policy: bucket.arn.apply((arn) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
            Resource: groupArn,
          },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
          { Effect: 'Allow', Action: 's3:PutObject', Resource: `${arn}/statuses/${'${aws:userid}'}.json` },
          { Effect: 'Allow', Action: 's3:GetObject', Resource: [`${arn}/decisions/*`, `${arn}/software/*`] },
          {
            Effect: 'Allow',
            Action: 's3:ListBucket',
            Resource: arn,
            Condition: { StringLikeIfExists: { 's3:prefix': 'decisions/*' } },
          },
          {
            Effect: 'Allow',
            Action: 'ssm:GetParameters',
            Resource: 'arn:aws:ssm:eu-west-1:*:parameter/ebbtide/media/*',
          },
        ],
      }),
    ),
  },
  opts,
);
const profile = new aws.iam.InstanceProfile(
  'node',
  { name: 'ebbtide-media-node', role: nodeRole.name },
  opts,
);

const functionRole = new aws.iam.Role(
  'function',
  { name: 'ebbtide-media-function', assumeRolePolicy: assume('lambda.amazonaws.com') },
  opts,
);
new aws.iam.RolePolicyAttachment(
  'function-logs',
  { role: functionRole.name, policyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' },
  opts,
);
new aws.iam.RolePolicy(
  'function',
  {
    role: functionRole.id,
    policy: bucket.arn.apply((arn) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: `${arn}/*` },
          { Effect: 'Allow', Action: 's3:ListBucket', Resource: arn },
          { Effect: 'Allow', Action: 'autoscaling:DescribeAutoScalingGroups', Resource: '*' },
          {
            Effect: 'Allow',
            Action: 'autoscaling:TerminateInstanceInAutoScalingGroup',
            Resource: groupArn,
          },
          {
            Effect: 'Allow',
            Action: 'cloudwatch:PutMetricData',
            Resource: '*',
            Condition: { StringEquals: { 'cloudwatch:namespace': 'Ebbtide/media' } },
          },
        ],
      }),
    ),
  },
  opts,
);

function lambda(name: string, source: string): aws.lambda.Function {
  return new aws.lambda.Function(
    name,
    {
      name: `ebbtide-media-${name}`,
      role: functionRole.arn,
      runtime: aws.lambda.Runtime.NodeJS22dX,
      handler: 'index.handler',
      timeout: name === 'watcher' ? 30 : 3,
      code: new pulumi.asset.AssetArchive({ 'index.cjs': new pulumi.asset.StringAsset(source) }),
      environment: {
        variables: { EBBTIDE_SETTINGS: bucket.bucket.apply((name) => JSON.stringify({ bucket: name })) },
      },
    },
    opts,
  );
}

const policy = lambda('termination-policy', policySource);
const linked = new aws.iam.ServiceLinkedRole(
  'group',
  { awsServiceName: 'autoscaling.amazonaws.com', customSuffix: 'ebbtide-media' },
  opts,
);
new aws.lambda.Permission(
  'group',
  { function: policy.name, action: 'lambda:InvokeFunction', principal: linked.arn },
  opts,
);

const watcher = lambda('watcher', 'exports.handler = async (event) => ({ seen: event["detail-type"] });');
const everyMinute = new aws.cloudwatch.EventRule('watcher', { scheduleExpression: 'rate(1 minute)' }, opts);
new aws.cloudwatch.EventTarget('watcher', { rule: everyMinute.name, arn: watcher.arn }, opts);
new aws.lambda.Permission(
  'schedule',
  {
    function: watcher.name,
    action: 'lambda:InvokeFunction',
    principal: 'events.amazonaws.com',
    sourceArn: everyMinute.arn,
  },
  opts,
);
new aws.cloudwatch.MetricAlarm(
  'stale',
  {
    name: 'ebbtide-media-stale',
    namespace: 'Ebbtide/media',
    metricName: 'StaleNodes',
    statistic: 'Maximum',
    period: 60,
    evaluationPeriods: 2,
    threshold: 0,
    comparisonOperator: 'GreaterThanThreshold',
    treatMissingData: 'notBreaching',
  },
  opts,
);

const template = new aws.ec2.LaunchTemplate(
  'pool',
  {
    imageId: aws.ssm.getParameterOutput({ name: '/aws/service/debian/release/13/latest/amd64' }, opts).value,
    instanceType: 'c7i.large',
    userData: Buffer.from('#cloud-config\n').toString('base64'),
    iamInstanceProfile: { name: profile.name },
    metadataOptions: { httpTokens: 'required', instanceMetadataTags: 'enabled' },
    tagSpecifications: [{ resourceType: 'instance', tags: { Name: 'ebbtide-media' } }],
  },
  opts,
);
const group = new aws.autoscaling.Group(
  'pool',
  {
    name: groupName,
    minSize: settings.min,
    maxSize: settings.max,
    desiredCapacity: settings.initial,
    vpcZoneIdentifiers: subnets.map(({ id }) => id),
    launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
    initialLifecycleHooks: [
      {
        name: 'ebbtide-media-launch',
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        heartbeatTimeout: 600,
        defaultResult: 'ABANDON',
      },
      {
        name: 'ebbtide-media-terminate',
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        heartbeatTimeout: 3600,
        defaultResult: 'ABANDON',
      },
    ],
    instanceLifecyclePolicy: { retentionTriggers: { terminateHookAbandon: 'retain' } },
    terminationPolicies: [policy.arn, 'Default'],
    serviceLinkedRoleArn: linked.arn,
    defaultInstanceWarmup: 60,
    enabledMetrics: ['GroupInServiceInstances'],
    tags: [{ key: 'ebbtide:pool', value: 'media', propagateAtLaunch: true }],
  },
  opts,
);
if (settings.target !== undefined) {
  new aws.autoscaling.Policy(
    'cpu',
    {
      name: 'ebbtide-media-cpu',
      autoscalingGroupName: group.name,
      policyType: 'TargetTrackingScaling',
      targetTrackingConfiguration: {
        predefinedMetricSpecification: { predefinedMetricType: 'ASGAverageCPUUtilization' },
        targetValue: settings.target,
      },
    },
    opts,
  );
}

export const bucketName = bucket.bucket;
