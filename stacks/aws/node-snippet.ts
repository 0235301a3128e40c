export interface SnippetArgs {
  pool: string;
  region: string;
  bucket: string;
  key: string;
  sha256: string;
}

/**
 * For user-data that is somebody else's, of which EC2 takes 16 KB in all: fetches the node's script with the machine's own
 * rights, by the AWS CLI or by curl, takes it only with this sum, and runs it. The rest of the user-data goes on
 * whatever becomes of it. Pure.
 */
export function fetchingSnippet({ pool, region, bucket, key, sha256 }: SnippetArgs): string {
  const path = `/opt/ebbtide/${key.slice(key.lastIndexOf('/') + 1)}`;
  return `#!/bin/bash
# Makes this machine a node of Ebbtide's pool ${pool}. It may run again at any time.
bash -euo pipefail <<'EBBTIDE' || echo "ebbtide: this machine is no node of the pool ${pool}" >&2
file="\${EBBTIDE_ROOT:-}${path}"
metadata="\${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}"
store="\${AWS_ENDPOINT_URL:-https://s3.${region}.amazonaws.com}"
get() {
  if command -v aws >/dev/null 2>&1; then
    aws s3 cp --only-show-errors --region ${region} "s3://${bucket}/${key}" "$file"
    return
  fi
  local token role keys
  token="$(curl -sSf -X PUT -H 'x-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/latest/api/token")"
  told() { curl -sSf -H "x-aws-ec2-metadata-token: $token" "$metadata/latest/meta-data/iam/security-credentials/$1"; }
  role="$(told '')"
  keys="$(told "$role")"
  of() { sed -n 's/.*"'"$1"'" *: *"\\([^"]*\\)".*/\\1/p' <<<"\${keys//,/$'\\n'}"; }
  # Nothing secret on the command line, where all can see it.
  curl -sSf -K - -o "$file" --aws-sigv4 'aws:amz:${region}:s3' "$store/${bucket}/${key}" <<END
user = "$(of AccessKeyId):$(of SecretAccessKey)"
header = "x-amz-security-token: $(of Token)"
header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"
END
}
is_right() { echo "${sha256}  $file" | sha256sum --check --status; }
mkdir -p "\${file%/*}"
for attempt in $(seq 40); do
  if [ -e "$file" ] && is_right; then exec bash "$file" </dev/null; fi
  (get) || true
  if [ -e "$file" ] && is_right; then continue; fi
  sleep 15
done
echo "ebbtide: s3://${bucket}/${key} could not be fetched, or is not what it was: ${sha256}" >&2
exit 1
EBBTIDE
`;
}
