import * as v from 'valibot';
import type { RecordedResource } from '../../pulumi/resource.ts';

export interface Read<Output> {
  /** Logical name, for messages. */
  name: string;
  id: string;
  arn: string;
  uniqueId: string;
  is: Output;
}

/** Every resource of these types, its outputs (inputs among them) parsed; an error names the resource and the member. */
export function ofType<Schema extends v.GenericSchema>(
  resources: readonly RecordedResource[],
  types: readonly string[],
  schema: Schema,
): Read<v.InferOutput<Schema>>[] {
  return resources
    .filter(({ type }) => types.includes(type))
    .map((resource) => {
      const parsed = v.safeParse(schema, defined(resource.outputs));
      if (!parsed.success) {
        const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
        throw new Error(
          `the twin AWS does not simulate ${resource.type} "${resource.name}" as it is: ${problems.join('; ')}`,
        );
      }
      return {
        name: resource.name,
        id: resource.id,
        arn: String(resource.outputs.arn ?? ''),
        uniqueId: String(resource.outputs.uniqueId ?? ''),
        is: parsed.output,
      };
    });
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

function defined(outputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).filter(([, value]) => value !== undefined && value !== null),
  );
}
