import { LogGroup } from '@pulumi/aws/cloudwatch/index.js';
import { Role, RolePolicy } from '@pulumi/aws/iam/index.js';
import { Function as LambdaFunction } from '@pulumi/aws/lambda/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { Bundle } from '../bundle.ts';
import { policyDocument, type Statement, trustOf } from './policy.ts';

export interface PoolFunctionArgs {
  functionName: string;
  roleName: string;
  description: string;
  bundle: Bundle;
  rights: Statement[];
  /** What the function is told, as JSON in EBBTIDE_SETTINGS. */
  settings: pulumi.Input<string>;
  timeoutSeconds: number;
  memoryMb: number;
  logDays: number;
}

/** A function of the pool, with a role of its own and a log that ends. */
export class PoolFunction extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;

  constructor(name: string, args: PoolFunctionArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:PoolFunction', name, {}, options);
    const log = new LogGroup(
      `${name}-log`,
      { name: `/aws/lambda/${args.functionName}`, retentionInDays: args.logDays },
      { parent: this },
    );
    const role = new Role(
      `${name}-role`,
      {
        name: args.roleName,
        description: args.description,
        assumeRolePolicy: trustOf('lambda.amazonaws.com'),
      },
      { parent: this },
    );
    const writeLog: Statement = {
      Sid: 'WriteOwnLog',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: [pulumi.interpolate`${log.arn}:*`],
    };
    const rights = new RolePolicy(
      `${name}-rights`,
      { role: role.name, policy: policyDocument([...args.rights, writeLog]) },
      { parent: this },
    );
    const lambda = new LambdaFunction(
      name,
      {
        name: args.functionName,
        description: args.description,
        role: role.arn,
        runtime: 'nodejs22.x',
        architectures: ['arm64'],
        handler: 'index.handler',
        code: new pulumi.asset.AssetArchive({ 'index.cjs': new pulumi.asset.StringAsset(args.bundle.code) }),
        timeout: args.timeoutSeconds,
        memorySize: args.memoryMb,
        environment: { variables: { EBBTIDE_SETTINGS: args.settings } },
      },
      { parent: this, dependsOn: [log, rights] },
    );
    this.arn = lambda.arn;
    this.functionName = lambda.name;
    this.logGroup = log.name;
    this.registerOutputs({ arn: this.arn, functionName: this.functionName, logGroup: this.logGroup });
  }
}
