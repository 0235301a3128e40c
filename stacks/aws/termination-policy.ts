import { Permission } from '@pulumi/aws/lambda/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { TerminationPolicySettings } from '../../fleet/aws-function-settings.ts';
import type { Bundle } from '../bundle.ts';
import type { AwsNames } from './names.ts';
import { PoolFunction } from './pool-function.ts';
import { registryRights } from './registry-rights.ts';
import type { AwsSettings } from './settings.ts';

export interface TerminationPolicyArgs {
  settings: AwsSettings;
  names: AwsNames;
  bundle: Bundle;
  bucket: { name: pulumi.Output<string>; arn: pulumi.Output<string> };
  template: pulumi.Output<string>;
  /** The group's own role, the only one who may ask. */
  serviceLinkedRoleArn: pulumi.Output<string>;
}

/** AWS waits 2 s for an answer; a function that were to go on would only decide what nobody hears. */
const ANSWER_SECONDS = 2;

/** The function that the group asks who is to leave. */
export class TerminationPolicy extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;

  constructor(name: string, args: TerminationPolicyArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:TerminationPolicy', name, {}, options);
    const { settings, names, bucket } = args;
    const told = pulumi.all([bucket.name, args.template]).apply(
      ([bucketName, template]): TerminationPolicySettings => ({
        pool: settings.pool.name,
        bucket: bucketName,
        maxDrains: settings.scaleIn.maxDrains,
        coolDownMs: settings.scaling.coolDown,
        warmUpMs: settings.scaling.warmUp,
        currentTemplate: template,
      }),
    );
    const policy = new PoolFunction(
      name,
      {
        functionName: names.terminationPolicy,
        roleName: names.terminationPolicyRole,
        description: `Chooses who leaves the group ${names.group}`,
        bundle: args.bundle,
        rights: registryRights(bucket.arn),
        settings: pulumi.jsonStringify(told),
        timeoutSeconds: ANSWER_SECONDS,
        // CPU comes with memory: enough to read a thousand statuses in time.
        memoryMb: 1769,
        logDays: settings.aws.logDays,
      },
      { parent: this },
    );
    const permission = new Permission(
      `${name}-permission`,
      {
        function: policy.functionName,
        action: 'lambda:InvokeFunction',
        principal: args.serviceLinkedRoleArn,
      },
      { parent: this },
    );
    // Whoever names the function as a policy needs it to be callable: AWS tries.
    this.arn = pulumi.all([policy.arn, permission.id]).apply(([arn]) => arn);
    this.functionName = policy.functionName;
    this.logGroup = policy.logGroup;
    this.registerOutputs({ arn: this.arn, functionName: this.functionName, logGroup: this.logGroup });
  }
}
