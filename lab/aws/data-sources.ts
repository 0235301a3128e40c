import { hexId } from '../cloud/identifiers.ts';
import type { Inputs, RecordedResource } from '../pulumi/resource.ts';
import { arn, type Place } from './identifiers.ts';
import type { ExistingTargetGroup } from './target-groups.ts';

/** A network that is there before the program runs (for `network.id`). */
export interface ExistingNetwork {
  vpc: string;
  cidr: string;
  subnets: { id: string; zone: string }[];
  targetGroups?: ExistingTargetGroup[];
}

export interface CallWorld {
  place: Place;
  /** What somebody else has made in the account. */
  outside?: readonly RecordedResource[] | undefined;
  existing: ExistingNetwork[];
}

/** What the real provider's data sources answer. One that is not here is refused, as is a thing that does not exist. */
export function answerCall(token: string, inputs: Inputs, world: CallWorld): Inputs {
  const answer = CALLS[token];
  if (!answer)
    throw new Error(`the twin AWS does not know the call ${token}: teach it in lab/aws/data-sources.ts`);
  return { ...inputs, ...answer(inputs, world) };
}

const CALLS: Record<string, (inputs: Inputs, world: CallWorld) => Inputs> = {
  'aws:index/getRegion:getRegion': (_inputs, { place: { region } }) => ({
    id: region,
    name: region,
    region,
    endpoint: `ec2.${region}.amazonaws.com`,
    description: region,
  }),
  'aws:index/getCallerIdentity:getCallerIdentity': (_inputs, { place }) => ({
    id: place.account,
    accountId: place.account,
    arn: arn(place, 'iam', 'user/operator'),
    userId: 'AIDAOPERATOROPERATOR',
  }),
  'aws:index/getPartition:getPartition': (_inputs, { place }) => ({
    id: place.partition,
    partition: place.partition,
    dnsSuffix: 'amazonaws.com',
    reverseDnsPrefix: 'com.amazonaws',
  }),
  'aws:index/getAvailabilityZones:getAvailabilityZones': (_inputs, { place: { region } }) => ({
    id: region,
    names: zonesOf(region),
    zoneIds: zonesOf(region).map((zone) => `az-${zone.at(-1)}`),
    groupNames: [region],
    region,
  }),
  'aws:iam/getRole:getRole': ({ name }, { outside = [] }) => {
    const role = outside.find(({ type, outputs }) => type === 'aws:iam/role:Role' && outputs.name === name);
    if (role === undefined) throw new Error(`NoSuchEntity: the role with name ${name} cannot be found`);
    const { arn: roleArn, uniqueId, assumeRolePolicy } = role.outputs;
    return { id: name, arn: roleArn, uniqueId, assumeRolePolicy };
  },
  'aws:ec2/getAmi:getAmi': (inputs, { place }) => image(JSON.stringify(inputs), place),
  'aws:ssm/getParameter:getParameter': (inputs, { place }) => {
    const name = String(inputs.name);
    if (!name.startsWith('/aws/service/'))
      throw new Error(`ParameterNotFound: there is no parameter ${name}`);
    return {
      id: name,
      arn: `arn:${place.partition}:ssm:${place.region}::parameter${name}`,
      type: 'String',
      value: `ami-${hexId(name, 17)}`,
      insecureValue: `ami-${hexId(name, 17)}`,
      version: 1,
    };
  },
  'aws:ec2/getVpc:getVpc': (inputs, world) => {
    const network = world.existing.find(({ vpc }) => vpc === inputs.id);
    if (!network) throw new Error(`no matching EC2 VPC found: ${inputs.id}`);
    return {
      id: network.vpc,
      cidrBlock: network.cidr,
      arn: arn(world.place, 'ec2', `vpc/${network.vpc}`),
      state: 'available',
    };
  },
  'aws:ec2/getSubnet:getSubnet': (inputs, world) => {
    for (const network of world.existing) {
      const subnet = network.subnets.find(({ id }) => id === inputs.id);
      if (subnet) {
        return {
          id: subnet.id,
          vpcId: network.vpc,
          availabilityZone: subnet.zone,
          arn: arn(world.place, 'ec2', `subnet/${subnet.id}`),
          state: 'available',
        };
      }
    }
    throw new Error(`no matching EC2 Subnet found: ${inputs.id}`);
  },
  'aws:lb/getTargetGroup:getTargetGroup': (inputs, world) => {
    for (const { vpc, targetGroups = [] } of world.existing) {
      const found = targetGroups.find((group) => group.arn === inputs.arn);
      if (found === undefined) continue;
      return {
        id: found.arn,
        vpcId: vpc,
        targetType: 'instance',
        protocol: found.protocol,
        port: found.port,
        healthCheck: { enabled: true, protocol: 'HTTP', matcher: '200', ...found.healthCheck },
        loadBalancerArns: [found.arn.replace(/targetgroup\/([^/]+)/, 'loadbalancer/app/$1')],
      };
    }
    throw new Error(`no matching ELBv2 Target Group found: ${inputs.arn}`);
  },
  // Each has one of its own, of its name.
  'aws:lb/getLoadBalancer:getLoadBalancer': (inputs) => ({
    id: inputs.arn,
    securityGroups: [`sg-${hexId(String(inputs.arn), 17)}`],
    subnets: [],
  }),
  'aws:ec2/getSubnets:getSubnets': (inputs, world) => ({
    id: world.place.region,
    ids: world.existing
      .filter(({ vpc }) => JSON.stringify(inputs.filters ?? '').includes(vpc))
      .flatMap(({ subnets }) => subnets.map(({ id }) => id)),
  }),
  'aws:iam/getPolicyDocument:getPolicyDocument': (inputs) => {
    const json = policyDocument(inputs);
    return { id: hexId(json, 10), json, minifiedJson: json };
  },
};

function zonesOf(region: string): string[] {
  return ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
}

function image(seed: string, place: Place): Inputs {
  const id = `ami-${hexId(seed, 17)}`;
  return {
    id,
    imageId: id,
    arn: `arn:${place.partition}:ec2:${place.region}::image/${id}`,
    name: 'debian-13',
    rootDeviceName: '/dev/xvda',
    architecture: 'x86_64',
    ownerId: '136693071363',
  };
}

/** The data source's own spelling of a policy, as the JSON that IAM reads. */
function policyDocument(inputs: Inputs): string {
  const statements = listOf(inputs.statements).map((statement) => {
    const conditions: Record<string, Record<string, unknown>> = {};
    for (const { test, variable, values } of listOf(statement.conditions)) {
      conditions[String(test)] = { ...conditions[String(test)], [String(variable)]: values };
    }
    return {
      Sid: statement.sid,
      Effect: statement.effect ?? 'Allow',
      Action: statement.actions,
      NotAction: statement.notActions,
      Resource: statement.resources,
      NotResource: statement.notResources,
      Principal: principalsOf(listOf(statement.principals)),
      Condition: Object.keys(conditions).length > 0 ? conditions : undefined,
    };
  });
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

function principalsOf(principals: Inputs[]): unknown {
  if (principals.length === 0) return undefined;
  if (principals.some(({ type }) => type === '*')) return '*';
  return Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers]));
}

function listOf(value: unknown): Inputs[] {
  return Array.isArray(value) ? value : [];
}
