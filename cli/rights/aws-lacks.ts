import { type AwsClient, AwsError, type AwsRequest } from '../../fleet/aws/client.ts';
import { bucketArn } from './aws.ts';
import { namingLacks } from './denied.ts';

const DENIED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
]);

/** A client of AWS whose refusals name the action that is missing. */
export function namingAwsLacks(client: AwsClient, bucket: string): AwsClient {
  const arn = bucketArn({ region: client.region, bucket });
  return namingLacks(client, (error, request: AwsRequest) => awsLack(error, request, { bucket, arn }));
}

/** The bucket of which requests to S3 are. */
interface Bucket {
  bucket: string;
  arn: string;
}

function awsLack(error: unknown, request: AwsRequest, bucket: Bucket): string | undefined {
  if (!(error instanceof AwsError) || !DENIED.has(error.code)) return undefined;
  const asked = askedBy(request, bucket);
  // AWS names the action, and the resource where it knows one; S3 may say no more than that access is denied.
  const [, action = asked.action, on = asked.on] =
    /not authorized to perform:? ([\w-]+:\w+)(?: on(?: resource)?:? (?:"|&quot;)?([^\s"&]+))?/.exec(
      error.message,
    ) ?? [];
  return `${action} on ${on}`;
}

interface Asked {
  action: string;
  on: string;
}

function askedBy({ service, method, url, body = '' }: AwsRequest, { bucket, arn }: Bucket): Asked {
  if (service !== 's3')
    return { action: `${service}:${new URLSearchParams(body).get('Action') ?? method}`, on: '*' };
  const key = keyIn(new URL(url), bucket);
  if (key === '') return { action: 's3:ListBucket', on: arn };
  // Of an object that is not there, only who may list is told so.
  const or = method === 'GET' ? ` (or, where there is none, s3:ListBucket on ${arn})` : '';
  return { action: ACTIONS[method], on: `${arn}/${key}${or}` };
}

const ACTIONS: Record<AwsRequest['method'], string> = {
  GET: 's3:GetObject',
  PUT: 's3:PutObject',
  POST: 's3:PutObject',
  DELETE: 's3:DeleteObject',
};

/** A bucket stands in the host's name, or first in the path. */
function keyIn({ hostname, pathname }: URL, bucket: string): string {
  const path = decodeURIComponent(pathname.slice(1));
  return hostname.startsWith(`${bucket}.`) ? path : path.slice(bucket.length + 1);
}
