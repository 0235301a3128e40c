import { Parameter } from '@pulumi/aws/ssm/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { AwsNames } from './names.ts';
import type { AwsSettings } from './settings.ts';

export interface SecretParametersArgs {
  names: AwsNames;
  secrets: AwsSettings['mediaSecrets'];
}

/** The media server's secrets: encrypted with the account's own key for parameters, read by nodes when they boot. */
export class SecretParameters extends pulumi.ComponentResource {
  /** The parameters that there are, for the nodes' rights. */
  readonly parameters: string[];

  constructor(name: string, args: SecretParametersArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:SecretParameters', name, {}, options);
    const { keys, redis } = args.secrets;
    const wanted = [
      ...(keys === undefined
        ? []
        : [{ child: `${name}-keys`, parameter: args.names.keysParameter, value: keys }]),
      ...(redis === undefined
        ? []
        : [{ child: `${name}-redis`, parameter: args.names.redisParameter, value: redis }]),
    ];
    for (const { child, parameter, value } of wanted) {
      // JSON is YAML too: what fills in a template is LiveKit's own block.
      new Parameter(
        child,
        { name: parameter, type: 'SecureString', value: pulumi.secret(JSON.stringify(value)) },
        { parent: this },
      );
    }
    this.parameters = wanted.map(({ parameter }) => parameter);
    this.registerOutputs();
  }
}
