import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { Container, ProvisionedBlob, StorageAccount } from '../model.ts';

const accountSchema = v.object({
  accountName: v.string(),
  allowBlobPublicAccess: v.optional(v.boolean(), false),
});
const containerSchema = v.object({
  accountName: v.string(),
  containerName: v.string(),
  publicAccess: v.optional(v.picklist(['None', 'Blob', 'Container']), 'None'),
});
const blobSchema = v.object({
  accountName: v.string(),
  containerName: v.string(),
  blobName: v.string('a blob without a name of its own would have that of its resource'),
  source: v.instance(Buffer),
});

export function readAccounts(resources: readonly RecordedResource[]): StorageAccount[] {
  return ofType(resources, ['azure-native:storage:StorageAccount'], accountSchema).map(({ id, is }) => ({
    id,
    name: is.accountName,
  }));
}

export function readContainers(resources: readonly RecordedResource[]): Container[] {
  const accounts = ofType(resources, ['azure-native:storage:StorageAccount'], accountSchema);
  return ofType(resources, ['azure-native:storage:BlobContainer'], containerSchema).map(({ id, is }) => {
    const account = accounts.find((each) => each.is.accountName === is.accountName);
    const isPublic = is.publicAccess !== 'None' && account?.is.allowBlobPublicAccess === true;
    return { account: is.accountName, name: is.containerName, id, isPublic };
  });
}

export function readBlobs(resources: readonly RecordedResource[]): ProvisionedBlob[] {
  return ofType(resources, ['azure-native:storage:Blob'], blobSchema).map(({ is }) => ({
    account: is.accountName,
    container: is.containerName,
    name: is.blobName,
    body: is.source,
  }));
}
