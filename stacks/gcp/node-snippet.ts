import { fetchingSnippet, type SnippetArgs } from '../node-snippet.ts';

/** By curl, with a token of the machine's own account. Pure. */
export function gcpSnippet({ bucket, ...args }: Omit<SnippetArgs, 'get'> & { bucket: string }): string {
  const object = encodeURIComponent(args.key);
  const get = `  local metadata="http://\${GCE_METADATA_HOST:-metadata.google.internal}"
  local store="\${CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE:-https://storage.googleapis.com}" told token
  told="$(curl -sSf -H 'Metadata-Flavor: Google' "$metadata/computeMetadata/v1/instance/service-accounts/default/token")"
  token="$(sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p' <<<"$told")"
  # Nothing secret on the command line, where all can see it.
  curl -sSf -K - -o "$file" "$store/storage/v1/b/${bucket}/o/${object}?alt=media" <<<"header = \\"authorization: Bearer $token\\""`;
  return fetchingSnippet({ ...args, get });
}
