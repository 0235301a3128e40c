import { BlobContainer } from '@pulumi/azure-native/storage/blobContainer.js';
import { ManagementPolicy } from '@pulumi/azure-native/storage/managementPolicy.js';
import { StorageAccount } from '@pulumi/azure-native/storage/storageAccount.js';
import * as pulumi from '@pulumi/pulumi';
import type { AzureNames } from './names.ts';
import { SECRETS } from './secrets.ts';

export interface PoolStoreArgs {
  names: AzureNames;
  location: string;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
}

/** Azure bounds rights to a container, not to a prefix: what is read or written by different ones lies apart. */
export const CONTAINERS = ['statuses', 'decisions', 'memory', 'software', SECRETS] as const;
export type Container = (typeof CONTAINERS)[number];

/** A status is written every 20 s: one of this age is of a machine that is long gone. */
const STATUS_DAYS = 7;
/** Longer than any drain. */
const DECISION_DAYS = 30;
/** What a roll says there concerns nobody after a day. */
const ROLL_DAYS = 2;

/** The pool's private store: the registry, the software that nodes fetch, and what they alone must know. */
export class PoolStore extends pulumi.ComponentResource {
  /** Known only when the account is there, so that whoever asks it for something waits for it. */
  readonly account: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
  readonly containers: Record<Container, pulumi.Output<string>>;

  constructor(name: string, args: PoolStoreArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolStore', name, {}, options);
    const { names, location, resourceGroup, tags } = args;
    const parent = { parent: this };
    const account = new StorageAccount(
      name,
      {
        resourceGroupName: resourceGroup,
        accountName: names.storage,
        location,
        kind: 'StorageV2',
        sku: { name: 'Standard_LRS' },
        accessTier: 'Hot',
        // Nobody can open it to the world.
        allowBlobPublicAccess: false,
        allowCrossTenantReplication: false,
        enableHttpsTrafficOnly: true,
        minimumTlsVersion: 'TLS1_2',
        // Nodes and the runbook have tokens. Pulumi's provider puts blobs with the account's key, and knows no other way.
        allowSharedKeyAccess: true,
        defaultToOAuthAuthentication: true,
        tags,
      },
      parent,
    );
    const containerOf = (container: Container) =>
      new BlobContainer(
        `${name}-${container}`,
        {
          resourceGroupName: resourceGroup,
          accountName: account.name,
          containerName: container,
          publicAccess: 'None',
        },
        parent,
      ).name;
    this.containers = {
      statuses: containerOf('statuses'),
      decisions: containerOf('decisions'),
      memory: containerOf('memory'),
      software: containerOf('software'),
      secrets: containerOf('secrets'),
    };
    new ManagementPolicy(
      `${name}-expiry`,
      {
        resourceGroupName: resourceGroup,
        accountName: account.name,
        managementPolicyName: 'default',
        policy: {
          rules: [
            expiry('statuses', STATUS_DAYS),
            expiry('decisions', DECISION_DAYS),
            expiry('memory/rolls', ROLL_DAYS),
          ],
        },
      },
      parent,
    );
    this.account = account.name;
    this.url = account.primaryEndpoints.apply(({ blob }) => blob.replace(/\/$/, ''));
    this.registerOutputs({ account: this.account, url: this.url });
  }
}

/** The prefix begins with the container. */
function expiry(prefix: string, days: number) {
  return {
    name: prefix.replace('/', '-'),
    enabled: true,
    type: 'Lifecycle',
    definition: {
      filters: { blobTypes: ['blockBlob'], prefixMatch: [`${prefix}/`] },
      actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } },
    },
  };
}
