import { SpacesBucketObject } from '@pulumi/digitalocean/spacesBucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import type { MediaSecrets as Secrets } from '../settings-schema.ts';
import { mediaSecretKey } from './node-setup.ts';
import type { PoolStore } from './store.ts';

export interface MediaSecretsArgs {
  store: PoolStore;
  region: string;
  secrets: Secrets;
}

/** The media server's secrets, in the bucket that nodes and the orchestrator read and nobody else. */
export class MediaSecrets extends pulumi.ComponentResource {
  constructor(
    name: string,
    { store, region, secrets }: MediaSecretsArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super('ebbtide:digitalocean:MediaSecrets', name, {}, options);
    for (const what of ['keys', 'redis'] as const) {
      const value = secrets[what];
      if (value === undefined) continue;
      new SpacesBucketObject(
        `${name}-${what}`,
        {
          bucket: store.buckets.code,
          region,
          key: mediaSecretKey(what),
          acl: 'private',
          // JSON is YAML too: what fills in a template is LiveKit's own block.
          content: pulumi.secret(JSON.stringify(value)),
        },
        { parent: this, provider: store.provider },
      );
    }
    this.registerOutputs();
  }
}
