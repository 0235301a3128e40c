import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { bucketTarget, objectTarget } from '../iam/targets.ts';
import type { Objects, StoredObject } from '../objects.ts';
import { type Caller, type Method, method } from './api.ts';
import { FIELDS, flag, text, whole } from './parameters.ts';
import { bytesOf, described } from './storage-views.ts';

/** Every member of a precondition is a number of a generation; 0 is "there is none". */
const PRECONDITIONS = {
  ifGenerationMatch: v.optional(whole),
  ifGenerationNotMatch: v.optional(whole),
};
const object = { bucket: text, object: text, ...FIELDS };

export interface StorageOptions {
  objects: Objects;
  /** Real time, ms since the epoch. */
  now(): number;
  /** Google gives at most 1,000. */
  pageSize?: number | undefined;
}

/** One object is written at most once in this time, by whoever. */
const WRITE_EVERY_MS = 1000;

/** Cloud Storage's JSON API as far as the program uses it. */
export function createStorage({ objects, now, pageSize = 1000 }: StorageOptions): Method[] {
  const written = new Map<string, number>();

  function mustBucket(name: string): void {
    if (!objects.bucket(name)) throw new ApiError(404, 'notFound', 'The specified bucket does not exist.');
  }

  /** Of an absent object only who may list the bucket is told; all others are refused. */
  function mustObject(caller: Caller, bucket: string, key: string): StoredObject {
    const found = objects.get(bucket, key);
    if (found) return found;
    const note = `asked because ${key} is not there: who may not list gets 403 for 404`;
    caller.authorise('storage.objects.list', bucketTarget(bucket), note);
    throw new ApiError(404, 'notFound', `No such object: ${bucket}/${key}`);
  }

  function limitWrites(bucket: string, key: string): void {
    const name = `${bucket}/${key}`;
    if (now() - (written.get(name) ?? Number.NEGATIVE_INFINITY) < WRITE_EVERY_MS) {
      throw new ApiError(
        429,
        'rateLimitExceeded',
        `The object ${name} exceeded the rate limit for object mutation operations (create, update, and delete).`,
      );
    }
    written.set(name, now());
  }

  return [
    method(
      {
        id: 'storage.objects.list',
        http: 'GET',
        path: '/storage/v1/b/{bucket}/o',
        parameters: v.strictObject({
          bucket: text,
          prefix: v.optional(v.string()),
          pageToken: v.optional(text),
          maxResults: v.optional(v.pipe(whole, v.minValue(1))),
          versions: v.optional(v.pipe(flag, v.literal(false))),
          ...FIELDS,
        }),
      },
      ({ bucket, prefix = '', pageToken, maxResults = pageSize }, caller) => {
        mustBucket(bucket);
        caller.authorise('storage.objects.list', bucketTarget(bucket, prefix));
        const after = pageToken === undefined ? '' : Buffer.from(pageToken, 'base64').toString('utf8');
        const found = objects.list(bucket, prefix).filter(({ key }) => key > after);
        const page = found.slice(0, Math.min(pageSize, maxResults));
        const last = page.at(-1);
        const value = {
          kind: 'storage#objects',
          ...(page.length === 0 ? {} : { items: page.map((each) => described(bucket, each)) }),
          ...(last !== undefined && found.length > page.length
            ? { nextPageToken: Buffer.from(last.key).toString('base64') }
            : {}),
        };
        return { kind: 'json', value };
      },
    ),

    method(
      {
        id: 'storage.objects.get',
        http: 'GET',
        path: '/storage/v1/b/{bucket}/o/{object}',
        parameters: v.strictObject({
          ...object,
          ...PRECONDITIONS,
          alt: v.optional(v.picklist(['json', 'media'])),
        }),
      },
      ({ bucket, object: key, alt, ...conditions }, caller) => {
        mustBucket(bucket);
        caller.authorise('storage.objects.get', objectTarget(bucket, key));
        const found = mustObject(caller, bucket, key);
        checkConditions(conditions, found);
        return alt === 'media' ? bytesOf(found) : { kind: 'json', value: described(bucket, found) };
      },
    ),

    method(
      {
        id: 'storage.objects.insert',
        http: 'POST',
        path: '/upload/storage/v1/b/{bucket}/o',
        parameters: v.strictObject({
          bucket: text,
          name: text,
          uploadType: v.literal('media', 'the twin takes simple uploads only'),
          ...PRECONDITIONS,
          ...FIELDS,
        }),
        body: v.instance(Buffer),
      },
      ({ bucket, name, ...conditions }, caller, body) => {
        mustBucket(bucket);
        caller.authorise('storage.objects.create', objectTarget(bucket, name));
        const before = objects.get(bucket, name);
        if (before !== undefined) {
          const note = 'asked because it is there: to write over an object is to delete it';
          caller.authorise('storage.objects.delete', objectTarget(bucket, name), note);
        }
        checkConditions(conditions, before);
        limitWrites(bucket, name);
        return {
          kind: 'json',
          value: described(bucket, objects.put(bucket, name, body, 'application/json')),
        };
      },
    ),

    method(
      {
        id: 'storage.objects.delete',
        http: 'DELETE',
        path: '/storage/v1/b/{bucket}/o/{object}',
        parameters: v.strictObject({ ...object, ...PRECONDITIONS }),
      },
      ({ bucket, object: key, ...conditions }, caller) => {
        mustBucket(bucket);
        caller.authorise('storage.objects.delete', objectTarget(bucket, key));
        checkConditions(conditions, mustObject(caller, bucket, key));
        limitWrites(bucket, key);
        objects.remove(bucket, key);
        return { kind: 'nothing' };
      },
    ),
  ];
}

function checkConditions(
  {
    ifGenerationMatch,
    ifGenerationNotMatch,
  }: { ifGenerationMatch?: number | undefined; ifGenerationNotMatch?: number | undefined },
  found: StoredObject | undefined,
): void {
  const generation = found?.generation ?? 0n;
  const fits =
    (ifGenerationMatch === undefined || BigInt(ifGenerationMatch) === generation) &&
    (ifGenerationNotMatch === undefined || BigInt(ifGenerationNotMatch) !== generation);
  if (!fits) {
    throw new ApiError(
      412,
      'conditionNotMet',
      'At least one of the pre-conditions you specified did not hold.',
    );
  }
}
