import { createHash } from 'node:crypto';
import { hexId, uuid } from '../cloud/identifiers.ts';
import type { Created, Inputs } from '../pulumi/resource.ts';
import { arn, type Place, upperId } from './identifiers.ts';

export type Create = (inputs: Inputs, seed: string, place: Place) => Created;

/** What the real provider answers for a new resource, beside its inputs. A type that is not here is refused. */
export function creatorOf(type: string): Create | undefined {
  const known = CREATORS[type];
  if (known) return known;
  if (PLAIN.test(type)) return plain;
  return undefined;
}

/** Resources of which a program uses nothing but the id. */
const PLAIN = new RegExp(
  [
    '^aws:s3/bucket(PublicAccessBlock|Policy|OwnershipControls|Versioning|Versioning|LifecycleConfiguration',
    '|ServerSideEncryptionConfiguration|LifecycleConfigurationV2|VersioningV2|ServerSideEncryptionConfigurationV2):',
    '|^aws:iam/(rolePolicy|rolePolicyAttachment|rolePoliciesExclusive):',
    '|^aws:autoscaling/(lifecycleHook|notification|schedule|tag):',
    '|^aws:lambda/(permission|functionEventInvokeConfig):',
    '|^aws:cloudwatch/(eventTarget|eventPermission|logMetricFilter|logResourcePolicy):',
    '|^aws:sns/(topicPolicy|topicSubscription):',
    '|^aws:ec2/(route|routeTableAssociation|mainRouteTableAssociation|securityGroupRule|vpcEndpointRouteTableAssociation):',
    '|^aws:kms/alias:',
  ].join(''),
);

const CREATORS: Record<string, Create> = {
  'aws:s3/bucket:Bucket': bucket,
  'aws:s3/bucketV2:BucketV2': bucket,
  'aws:s3/bucketObject:BucketObject': bucketObject,
  'aws:s3/bucketObjectv2:BucketObjectv2': bucketObject,
  'aws:iam/role:Role': role,
  'aws:iam/policy:Policy': named('iam', (name) => `policy/${name}`, 'arn'),
  'aws:iam/instanceProfile:InstanceProfile': instanceProfile,
  'aws:iam/serviceLinkedRole:ServiceLinkedRole': serviceLinkedRole,
  'aws:ec2/launchTemplate:LaunchTemplate': launchTemplate,
  'aws:autoscaling/group:Group': group,
  'aws:autoscaling/policy:Policy': scalingPolicy,
  'aws:lambda/function:Function': lambdaFunction,
  'aws:cloudwatch/logGroup:LogGroup': named('logs', (name) => `log-group:${name}`),
  'aws:cloudwatch/eventRule:EventRule': named('events', (name) => `rule/${name}`),
  'aws:cloudwatch/metricAlarm:MetricAlarm': named('cloudwatch', (name) => `alarm:${name}`),
  'aws:cloudwatch/dashboard:Dashboard': named('cloudwatch', (name) => `dashboard/${name}`),
  'aws:scheduler/schedule:Schedule': named('scheduler', (name) => `schedule/default/${name}`),
  'aws:ssm/parameter:Parameter': named('ssm', (name) => `parameter/${name.replace(/^\//, '')}`),
  'aws:sns/topic:Topic': named('sns', (name) => name, 'arn'),
  'aws:sqs/queue:Queue': named('sqs', (name) => name, 'arn'),
  'aws:kms/key:Key': (_inputs, seed, place) => {
    const keyId = uuid(seed);
    return { id: keyId, outputs: { keyId, arn: arn(place, 'kms', `key/${keyId}`) } };
  },
  'aws:ec2/vpc:Vpc': ec2('vpc', 'vpc'),
  'aws:ec2/subnet:Subnet': ec2('subnet', 'subnet'),
  'aws:ec2/internetGateway:InternetGateway': ec2('igw', 'internet-gateway'),
  'aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway': ec2('eigw', 'egress-only-internet-gateway'),
  'aws:ec2/natGateway:NatGateway': ec2('nat', 'natgateway'),
  'aws:ec2/eip:Eip': ec2('eipalloc', 'elastic-ip'),
  'aws:ec2/routeTable:RouteTable': ec2('rtb', 'route-table'),
  'aws:ec2/securityGroup:SecurityGroup': ec2('sg', 'security-group'),
  'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup': ec2('sg', 'security-group'),
  'aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint': ec2(
    'eice',
    'instance-connect-endpoint',
  ),
  'aws:ec2/vpcEndpoint:VpcEndpoint': ec2('vpce', 'vpc-endpoint'),
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': ec2('sgr', 'security-group-rule'),
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': ec2('sgr', 'security-group-rule'),
};

function plain(_inputs: Inputs, seed: string): Created {
  return { id: hexId(seed, 16), outputs: {} };
}

/** The physical name: as given, else from the prefix or the logical name, made unique as the engine does. */
function physicalName(inputs: Inputs, seed: string, key = 'name', prefixKey = 'namePrefix'): string {
  const given = inputs[key];
  if (typeof given === 'string') return given;
  const prefix = inputs[prefixKey];
  return `${typeof prefix === 'string' ? prefix : `${seed.slice(seed.lastIndexOf('::') + 2)}-`}${hexId(seed, 7)}`;
}

function named(service: string, resource: (name: string) => string, id: 'name' | 'arn' = 'name'): Create {
  return (inputs, seed, place) => {
    const name = physicalName(inputs, seed);
    const own = arn(place, service, resource(name));
    return { id: id === 'arn' ? own : name, outputs: { name, arn: own } };
  };
}

function ec2(prefix: string, kind: string): Create {
  return (_inputs, seed, place) => {
    const id = `${prefix}-${hexId(seed, 17)}`;
    return { id, outputs: { arn: arn(place, 'ec2', `${kind}/${id}`), ownerId: place.account } };
  };
}

function bucket(inputs: Inputs, seed: string, place: Place): Created {
  const name = physicalName(inputs, seed, 'bucket', 'bucketPrefix');
  return {
    id: name,
    outputs: {
      bucket: name,
      arn: arn(place, 's3', name),
      bucketDomainName: `${name}.s3.amazonaws.com`,
      bucketRegionalDomainName: `${name}.s3.${place.region}.amazonaws.com`,
      region: place.region,
    },
  };
}

function bucketObject(inputs: Inputs, _seed: string, place: Place): Created {
  const body = inputs.source ?? inputs.content ?? '';
  const content = Buffer.isBuffer(body) ? body : Buffer.from(String(body));
  return {
    id: `${inputs.bucket}/${inputs.key}`,
    outputs: {
      arn: arn(place, 's3', `${inputs.bucket}/${inputs.key}`),
      etag: createHash('md5').update(content).digest('hex'),
    },
  };
}

function role(inputs: Inputs, seed: string, place: Place): Created {
  const name = physicalName(inputs, seed);
  const path = typeof inputs.path === 'string' ? inputs.path : '/';
  return {
    id: name,
    outputs: { name, arn: arn(place, 'iam', `role${path}${name}`), uniqueId: upperId('AROA', seed) },
  };
}

function instanceProfile(inputs: Inputs, seed: string, place: Place): Created {
  const name = physicalName(inputs, seed);
  return {
    id: name,
    outputs: { name, arn: arn(place, 'iam', `instance-profile/${name}`), uniqueId: upperId('AIPA', seed) },
  };
}

function serviceLinkedRole(inputs: Inputs, seed: string, place: Place): Created {
  const suffix = typeof inputs.customSuffix === 'string' ? `_${inputs.customSuffix}` : '';
  const name = `AWSServiceRoleForAutoScaling${suffix}`;
  const path = `/aws-service-role/${inputs.awsServiceName}/`;
  const own = arn(place, 'iam', `role${path}${name}`);
  return { id: own, outputs: { name, path, arn: own, uniqueId: upperId('AROA', seed) } };
}

function launchTemplate(inputs: Inputs, seed: string, place: Place): Created {
  const id = `lt-${hexId(seed, 17)}`;
  return {
    id,
    outputs: {
      name: physicalName(inputs, seed),
      arn: arn(place, 'ec2', `launch-template/${id}`),
      latestVersion: 1,
      defaultVersion: 1,
    },
  };
}

function group(inputs: Inputs, seed: string, place: Place): Created {
  const name = physicalName(inputs, seed);
  return {
    id: name,
    outputs: {
      name,
      arn: arn(place, 'autoscaling', `autoScalingGroup:${uuid(seed)}:autoScalingGroupName/${name}`),
      desiredCapacity: inputs.desiredCapacity ?? inputs.minSize,
    },
  };
}

function scalingPolicy(inputs: Inputs, seed: string, place: Place): Created {
  const name = physicalName(inputs, seed);
  const path = `scalingPolicy:${uuid(seed)}:autoScalingGroupName/${inputs.autoscalingGroupName}:policyName/${name}`;
  return { id: name, outputs: { name, arn: arn(place, 'autoscaling', path) } };
}

function lambdaFunction(inputs: Inputs, seed: string, place: Place): Created {
  const name = physicalName(inputs, seed);
  const own = arn(place, 'lambda', `function:${name}`);
  return {
    id: name,
    outputs: {
      name,
      arn: own,
      invokeArn: `arn:${place.partition}:apigateway:${place.region}:lambda:path/2015-03-31/functions/${own}/invocations`,
      qualifiedArn: `${own}:$LATEST`,
      version: '$LATEST',
    },
  };
}
