import { fetchingSnippet, type SnippetArgs } from '../node-snippet.ts';

export interface AwsSnippetArgs extends Omit<SnippetArgs, 'get'> {
  region: string;
  bucket: string;
}

/** EC2 takes 16 KB of user-data in all. By the AWS CLI, or by curl, which signs as well. Pure. */
export function awsSnippet({ region, bucket, ...args }: AwsSnippetArgs): string {
  const { key } = args;
  const get = `  if command -v aws >/dev/null 2>&1; then
    aws s3 cp --only-show-errors --region ${region} "s3://${bucket}/${key}" "$file"
    return
  fi
  local metadata="\${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}"
  local store="\${AWS_ENDPOINT_URL:-https://s3.${region}.amazonaws.com}"
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
END`;
  return fetchingSnippet({ ...args, get });
}
