import * as v from 'valibot';
import type { Path } from '../../cloud/api-request.ts';
import { sameId } from '../ids.ts';
import type { AzureModel } from '../model.ts';
import { json, type Method, method, notFound } from './arm-method.ts';
import type { Signatures } from './signatures.ts';

const STORAGE_VERSION = '2023-05-01';

const signatureSchema = v.strictObject({
  signedServices: v.literal('b', 'the twin has blobs only'),
  signedResourceTypes: v.pipe(v.string(), v.regex(/^[sco]+$/)),
  signedPermission: v.pipe(v.string(), v.regex(/^[rwdlacup]+$/)),
  signedProtocol: v.optional(v.string()),
  signedStart: v.optional(v.string()),
  signedExpiry: v.pipe(v.string(), v.isoTimestamp()),
  keyToSign: v.optional(v.string()),
});

/** Storage accounts, as far as an operator asks them for a signature by which blobs are read and written. */
export function createStorageAccounts(signatures: Signatures, model: () => AzureModel): Method[] {
  const accountId = (path: Path) =>
    `/subscriptions/${path.subscriptionId}/resourceGroups/${path.resourceGroupName}/providers/Microsoft.Storage/storageAccounts/${path.accountName}`;
  return [
    method(
      {
        id: 'StorageAccounts_ListAccountSAS',
        http: 'POST',
        path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Storage/storageAccounts/{accountName}/ListAccountSas',
        version: STORAGE_VERSION,
        action: 'Microsoft.Storage/storageAccounts/listAccountSas/action',
        scope: accountId,
        body: signatureSchema,
      },
      ({ path, body }) => {
        const id = accountId(path);
        const account = model().accounts.find((each) => sameId(each.id, id));
        if (account === undefined) throw notFound(id);
        const accountSasToken = signatures.sign({
          account: account.name,
          permissions: body.signedPermission,
          expiresAt: Date.parse(body.signedExpiry),
        });
        return json(200, { accountSasToken });
      },
    ),
  ];
}
