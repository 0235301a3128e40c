import * as v from 'valibot';
import * as pulumi from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';

export interface Read<Output> extends pulumi.Read<Output> {
  arn: string;
  uniqueId: string;
}

/** Every resource of these types, its outputs (inputs among them) parsed; an error names the resource and the member. */
export function ofType<Schema extends v.GenericSchema>(
  resources: readonly RecordedResource[],
  types: readonly string[],
  schema: Schema,
): Read<v.InferOutput<Schema>>[] {
  return pulumi.ofType(resources, types, schema).map((read) => ({
    ...read,
    arn: String(read.resource.outputs.arn ?? ''),
    uniqueId: String(read.resource.outputs.uniqueId ?? ''),
  }));
}

/** Members that say nothing about behaviour in the twin. */
export const INERT = {
  region: v.optional(v.string()),
  description: v.optional(v.string()),
  tags: v.optional(v.unknown()),
  tagsAll: v.optional(v.unknown()),
  arn: v.optional(v.string()),
  uniqueId: v.optional(v.string()),
};

/** A policy as the provider takes it: JSON text, or the document itself. */
export const policyText = v.union([
  v.string(),
  v.pipe(
    v.record(v.string(), v.unknown()),
    v.transform((document) => JSON.stringify(document)),
  ),
]);
