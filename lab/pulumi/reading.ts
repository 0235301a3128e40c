import * as v from 'valibot';
import type { RecordedResource } from './resource.ts';

export interface Read<Output> {
  /** Logical name, for messages. */
  name: string;
  id: string;
  is: Output;
  resource: RecordedResource;
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
          `the twin does not simulate ${resource.type} "${resource.name}" as it is: ${problems.join('; ')}`,
        );
      }
      return { name: resource.name, id: resource.id, is: parsed.output, resource };
    });
}

function defined(outputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).filter(([, value]) => value !== undefined && value !== null),
  );
}
