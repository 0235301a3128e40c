import { Blob } from '@pulumi/azure-native/storage/blob.js';
import * as pulumi from '@pulumi/pulumi';
import type { MediaSecrets } from '../settings-schema.ts';
import type { AzureNames } from './names.ts';

/** The container that nodes alone read. */
export const SECRETS = 'secrets';
/** Where a node finds the URL that wakes the runbook. */
export const WAKE_URL = 'wake-url';

export interface NodeSecretsArgs {
  names: AzureNames;
  container: pulumi.Input<string>;
  secrets: MediaSecrets;
  /** Whoever knows it can wake the runbook, and do nothing else. */
  wakeUrl: pulumi.Input<string>;
}

/**
 * What nodes must know and nobody else: blobs of a container of their own. A machine's custom data would be no place: it
 * is a part of the scale set's model.
 */
export class NodeSecrets extends pulumi.ComponentResource {
  constructor(name: string, args: NodeSecretsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:NodeSecrets', name, {}, options);
    const put = (what: string, content: pulumi.Input<string>) =>
      new Blob(
        `${name}-${what}`,
        {
          resourceGroupName: args.names.resourceGroup,
          accountName: args.names.storage,
          containerName: args.container,
          blobName: what,
          source: pulumi.secret(content).apply((text) => new pulumi.asset.StringAsset(text)),
        },
        { parent: this },
      );
    for (const [what, value] of Object.entries(args.secrets)) {
      // JSON is YAML too: what fills in a template is LiveKit's own block.
      if (value !== undefined) put(what, JSON.stringify(value));
    }
    put(WAKE_URL, args.wakeUrl);
    this.registerOutputs();
  }
}
