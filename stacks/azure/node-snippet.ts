import { fetchingSnippet, type SnippetArgs } from '../node-snippet.ts';

export interface AzureSnippetArgs extends Omit<SnippetArgs, 'get'> {
  /** The pool's store. */
  store: string;
  /** The id of the machine's own identity. */
  identity: string;
}

/** By curl, with a token of the machine's own identity. Pure. */
export function azureSnippet({ store, identity, ...args }: AzureSnippetArgs): string {
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource: 'https://storage.azure.com/',
    msi_res_id: identity,
  });
  const get = `  local metadata="\${AZURE_POD_IDENTITY_AUTHORITY_HOST:-http://169.254.169.254}"
  local store="\${AZURE_STORAGE_BLOB_ENDPOINT:-${store}}" told token
  told="$(curl -sSf -H 'Metadata: true' "$metadata/metadata/identity/oauth2/token?${query}")"
  token="$(sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p' <<<"$told")"
  # Nothing secret on the command line, where all can see it.
  curl -sSf -K - -H 'x-ms-version: 2023-11-03' -o "$file" "$store/${args.key}" <<<"header = \\"authorization: Bearer $token\\""`;
  return fetchingSnippet({ ...args, get });
}
