import { ApiError, malformed } from '../../cloud/api-error.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Bucket } from '../model.ts';
import type { Objects, StoredObject } from '../objects.ts';
import { S3_REQUESTS } from '../requests.ts';
import { type Answer, type Caller, operation, type Service } from './api.ts';
import { xmlDocument } from './xml.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** S3 as far as the program uses it, with buckets named in the path. `pageSize`: S3 gives at most 1,000 keys. */
export function createS3(objects: Objects, pageSize = 1000): Service {
  function bucketOf(name: string): Bucket {
    const bucket = objects.bucket(name);
    if (!bucket) throw new ApiError(404, 'NoSuchBucket', 'The specified bucket does not exist');
    return bucket;
  }

  const operations = {
    ListObjectsV2: operation(S3_REQUESTS.ListObjectsV2, (input, caller) => {
      const bucket = bucketOf(input.Bucket);
      const context: Record<string, string> = input.Prefix === undefined ? {} : { 's3:prefix': input.Prefix };
      caller.authorise('s3:ListBucket', bucket.arn, { context, resourcePolicy: bucket.policy });
      const after =
        input.ContinuationToken === undefined ? (input.StartAfter ?? '') : readToken(input.ContinuationToken);
      const limit = Math.min(pageSize, input.MaxKeys ?? 1000);
      const found = objects.list(bucket.name, input.Prefix ?? '').filter(({ key }) => key > after);
      const page = found.slice(0, limit);
      const more = found.length > page.length;
      const result = {
        Name: bucket.name,
        Prefix: input.Prefix ?? '',
        ContinuationToken: input.ContinuationToken,
        NextContinuationToken: more ? writeToken(page.at(-1)?.key ?? after) : undefined,
        KeyCount: page.length,
        MaxKeys: input.MaxKeys ?? 1000,
        IsTruncated: more,
        Contents: page.map(({ key, modified, etag, body }) => ({
          Key: key,
          LastModified: new Date(modified).toISOString(),
          ETag: etag,
          Size: body.length,
          StorageClass: 'STANDARD',
        })),
      };
      return xmlAnswer(200, xmlDocument('ListBucketResult', result, 'flat', NAMESPACE));
    }),

    GetObject: operation(S3_REQUESTS.GetObject, (input, caller) => {
      const bucket = bucketOf(input.Bucket);
      const resourcePolicy = bucket.policy;
      caller.authorise('s3:GetObject', `${bucket.arn}/${input.Key}`, { resourcePolicy });
      const object = objects.get(bucket.name, input.Key);
      if (object) return objectAnswer(object);
      refuseUnlessMayList(caller, bucket, input.Key);
      throw new ApiError(404, 'NoSuchKey', 'The specified key does not exist.');
    }),

    PutObject: putObject,

    DeleteObject: operation(S3_REQUESTS.DeleteObject, (input, caller) => {
      const bucket = bucketOf(input.Bucket);
      caller.authorise('s3:DeleteObject', `${bucket.arn}/${input.Key}`, { resourcePolicy: bucket.policy });
      objects.remove(bucket.name, input.Key);
      return { status: 204, headers: {}, body: '' };
    }),
  };

  return {
    name: 's3',
    policyPrefix: 's3',
    operations,
    read: readS3,
    renderError: errorAnswer,
    throttled: new ApiError(503, 'SlowDown', 'Please reduce your request rate.'),
  };

  function putObject(raw: unknown, caller: Caller): Answer {
    const { body, metadata, ...input } = payloadOf(raw);
    return operation(S3_REQUESTS.PutObject, ({ Bucket, Key }) => {
      const bucket = bucketOf(Bucket);
      caller.authorise('s3:PutObject', `${bucket.arn}/${Key}`, { resourcePolicy: bucket.policy });
      const { etag } = objects.put(bucket.name, Key, body, undefined, metadata);
      return { status: 200, headers: { etag, 'x-amz-server-side-encryption': 'AES256' }, body: '' };
    })(input, caller);
  }
}

/**
 * S3 tells that an object is missing only to who may list the bucket; to all others it says AccessDenied. Whether its
 * question carries the key as `s3:prefix` is not documented: a policy must hold either way (`StringLikeIfExists`).
 */
function refuseUnlessMayList(caller: Caller, { arn, policy }: Bucket, key: string): void {
  const note = `asked because ${key} is not there: who may not list gets AccessDenied for NoSuchKey`;
  for (const context of [{}, { 's3:prefix': key }]) {
    caller.authorise('s3:ListBucket', arn, { context, resourcePolicy: policy, note });
  }
}

function readS3(request: RawRequest): { action: string; input: unknown } {
  const [path = '/', query = ''] = request.target.split('?', 2);
  const [, bucket = '', ...rest] = path.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  const parameters = Object.fromEntries(new URLSearchParams(query));
  if (request.method === 'GET' && key === '' && parameters['list-type'] === '2') {
    const { 'list-type': _, ...others } = parameters;
    return { action: 'ListObjectsV2', input: { Bucket: bucket, ...renamed(others) } };
  }
  if (key !== '' && request.method === 'GET') {
    return { action: 'GetObject', input: { Bucket: bucket, Key: key, ...parameters } };
  }
  if (key !== '' && request.method === 'PUT') {
    const type = request.headers['content-type'];
    const input = {
      Bucket: bucket,
      Key: key,
      ...parameters,
      ...(type === undefined ? {} : { ContentType: type }),
    };
    const metadata = metadataIn(request.headers);
    return { action: 'PutObject', input: { ...input, body: request.body, metadata } };
  }
  if (key !== '' && request.method === 'DELETE') {
    return { action: 'DeleteObject', input: { Bucket: bucket, Key: key, ...parameters } };
  }
  throw new ApiError(501, 'NotImplemented', `the twin S3 does not know ${request.method} ${request.target}`, {
    malformed: true,
  });
}

/** Query parameters by the names of the service model; one that is not known keeps its own and is refused by that. */
function renamed(parameters: Record<string, string>): Record<string, string> {
  const names: Record<string, string> = {
    prefix: 'Prefix',
    'continuation-token': 'ContinuationToken',
    'max-keys': 'MaxKeys',
    'start-after': 'StartAfter',
  };
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [names[name] ?? name, value]));
}

/** What travels beside the members that the service model names. */
function payloadOf(
  raw: unknown,
): { body: Buffer; metadata: Record<string, string> } & Record<string, unknown> {
  const input = typeof raw === 'object' && raw !== null ? { ...raw } : {};
  const body: unknown = Reflect.get(input, 'body');
  return {
    ...input,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    metadata: { ...Object(Reflect.get(input, 'metadata')) },
  };
}

const METADATA = 'x-amz-meta-';

function metadataIn(headers: RawRequest['headers']): Record<string, string> {
  const found = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(METADATA) && value !== undefined ? [[name.slice(METADATA.length), value]] : [],
  );
  return Object.fromEntries(found);
}

function objectAnswer({ body, modified, etag, metadata }: StoredObject): Answer {
  const told = Object.entries(metadata).map(([name, value]) => [`${METADATA}${name}`, value]);
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'last-modified': new Date(modified).toUTCString(),
      etag,
      'accept-ranges': 'bytes',
      ...Object.fromEntries(told),
    },
    body,
  };
}

function errorAnswer(error: ApiError): Answer {
  return xmlAnswer(error.status, xmlDocument('Error', { Code: error.code, Message: error.message }, 'flat'));
}

function xmlAnswer(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

function writeToken(key: string): string {
  return Buffer.from(key).toString('base64');
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64').toString();
  if (writeToken(key) !== token) throw malformed('InvalidArgument', 'The continuation token is incorrect');
  return key;
}
