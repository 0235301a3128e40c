import { Secret } from '@pulumi/gcp/secretmanager/secret.js';
import { SecretIamMember } from '@pulumi/gcp/secretmanager/secretIamMember.js';
import { SecretVersion } from '@pulumi/gcp/secretmanager/secretVersion.js';
import * as pulumi from '@pulumi/pulumi';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

export interface MediaSecretsArgs {
  names: GcpNames;
  settings: GcpSettings;
  /** Who may read them: the nodes, when they boot. */
  reader: pulumi.Input<string>;
}

/** The media server's secrets, in Secret Manager, in the region of the pool and nowhere else. */
export class MediaSecrets extends pulumi.ComponentResource {
  constructor(
    name: string,
    { names, settings, reader }: MediaSecretsArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super('ebbtide:gcp:MediaSecrets', name, {}, options);
    for (const [what, value] of Object.entries(settings.mediaSecrets)) {
      if (value === undefined) continue;
      const secret = new Secret(
        `${name}-${what}`,
        {
          secretId: names.secret(what),
          replication: { userManaged: { replicas: [{ location: settings.gcpProvider.region }] } },
        },
        { parent: this },
      );
      new SecretVersion(
        `${name}-${what}-value`,
        // JSON is YAML too: what fills in a template is LiveKit's own block.
        { secret: secret.id, secretData: pulumi.secret(JSON.stringify(value)) },
        { parent: this },
      );
      new SecretIamMember(
        `${name}-${what}-reader`,
        { secretId: secret.id, role: 'roles/secretmanager.secretAccessor', member: reader },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
