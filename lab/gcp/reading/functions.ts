import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { FunctionModel, Job } from '../model.ts';
import { INERT } from './inert.ts';

const functionSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  location: v.string(),
  state: v.optional(v.string()),
  url: v.string(),
  buildConfig: v.strictObject({
    runtime: v.string(),
    entryPoint: v.string(),
    serviceAccount: v.optional(v.string()),
    dockerRepository: v.optional(v.string()),
    source: v.strictObject({
      storageSource: v.strictObject({
        bucket: v.string(),
        object: v.string(),
        generation: v.optional(v.number()),
      }),
    }),
  }),
  serviceConfig: v.strictObject({
    uri: v.string(),
    service: v.string(),
    serviceAccountEmail: v.string('a function without an account of its own could do anything'),
    environmentVariables: v.optional(v.record(v.string(), v.string()), {}),
    minInstanceCount: v.optional(v.literal(0)),
    maxInstanceCount: v.number(),
    maxInstanceRequestConcurrency: v.optional(v.number(), 1),
    availableCpu: v.optional(v.string()),
    availableMemory: v.optional(v.string(), '256M'),
    timeoutSeconds: v.optional(v.number(), 60),
    ingressSettings: v.optional(v.literal('ALLOW_ALL', 'nodes and the scheduler must reach it')),
    allTrafficOnLatestRevision: v.optional(v.literal(true)),
  }),
});
const archiveSchema = v.object({
  bucket: v.string(),
  name: v.string(),
  source: v.record(v.string(), v.instance(Buffer), 'is no archive'),
});

export function readFunctions(resources: readonly RecordedResource[]): FunctionModel[] {
  return ofType(resources, ['gcp:cloudfunctionsv2/function:Function'], functionSchema).map(({ is }) => {
    const { serviceConfig: service, buildConfig: build } = is;
    return {
      name: is.name,
      url: service.uri,
      entryPoint: build.entryPoint,
      runtime: build.runtime,
      serviceAccount: service.serviceAccountEmail,
      timeoutMs: service.timeoutSeconds * 1000,
      memoryMb: megabytes(service.availableMemory),
      maxInstances: service.maxInstanceCount,
      concurrency: service.maxInstanceRequestConcurrency,
      environment: service.environmentVariables,
      files: archiveOf(resources, build.source.storageSource),
    };
  });
}

function archiveOf(
  resources: readonly RecordedResource[],
  { bucket, object }: { bucket: string; object: string },
): Record<string, Buffer> {
  const candidates = resources.filter(({ outputs }) => outputs.bucket === bucket && outputs.name === object);
  const [archive] = ofType(candidates, ['gcp:storage/bucketObject:BucketObject'], archiveSchema);
  if (archive === undefined) throw new Error(`a function's source is not there: ${object} in ${bucket}`);
  return archive.is.source;
}

function megabytes(amount: string): number {
  const [, number, unit] = /^(\d+)(Mi?|Gi?)$/.exec(amount) ?? [];
  if (number === undefined || unit === undefined) throw new Error(`${amount} is no amount of memory`);
  return Number(number) * (unit.startsWith('G') ? 1024 : 1);
}

const jobSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  region: v.optional(v.string()),
  schedule: v.string(),
  timeZone: v.optional(v.string()),
  attemptDeadline: v.optional(v.string(), '180s'),
  paused: v.optional(v.boolean(), false),
  state: v.optional(v.string()),
  retryConfig: v.optional(v.strictObject({ retryCount: v.optional(v.literal(0)) })),
  httpTarget: v.strictObject({
    uri: v.string(),
    httpMethod: v.optional(v.string(), 'POST'),
    body: v.optional(v.string(), ''),
    headers: v.optional(v.record(v.string(), v.string()), {}),
    oidcToken: v.optional(
      v.strictObject({ serviceAccountEmail: v.string(), audience: v.optional(v.string()) }),
    ),
  }),
});

export function readJobs(resources: readonly RecordedResource[]): Job[] {
  return ofType(resources, ['gcp:cloudscheduler/job:Job'], jobSchema).map(({ name, is }) => {
    const { uri, httpMethod, body, headers, oidcToken } = is.httpTarget;
    return {
      name: is.name,
      everyMs: everyMs(is.schedule, name),
      url: uri,
      method: httpMethod,
      body: Buffer.from(body, 'base64').toString('utf8'),
      headers,
      ...(oidcToken === undefined
        ? {}
        : { caller: { serviceAccount: oidcToken.serviceAccountEmail, audience: oidcToken.audience ?? uri } }),
      attemptMs: Number.parseInt(is.attemptDeadline, 10) * 1000,
      enabled: !is.paused,
    };
  });
}

/** `* * * * *` and such with some minutes between. */
function everyMs(cron: string, owner: string): number {
  const [, minutes] = /^\*(?:\/(\d+))? \* \* \* \*$/.exec(cron) ?? [];
  if (!/^\*(\/\d+)? \* \* \* \*$/.test(cron))
    throw new Error(`"${owner}": the twin knows schedules of every so many minutes, not ${cron}`);
  return Number(minutes ?? 1) * 60_000;
}
