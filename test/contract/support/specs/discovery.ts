import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import * as v from 'valibot';

/** Where the official descriptions lie; a clone without them skips what needs them. */
const FOLDER =
  process.env.EBBTIDE_SPECS ?? fileURLToPath(new URL('../../../../../shared/specs', import.meta.url));

const reference = v.object({ $ref: v.string() });
const methodSchema = v.object({
  id: v.string(),
  httpMethod: v.string(),
  path: v.string(),
  flatPath: v.optional(v.string()),
  parameters: v.optional(v.record(v.string(), v.unknown()), {}),
  request: v.optional(reference),
  response: v.optional(reference),
  mediaUpload: v.optional(v.object({ protocols: v.object({ simple: v.object({ path: v.string() }) }) })),
});
export type DescribedMethod = v.InferOutput<typeof methodSchema>;

interface Resource {
  methods?: Record<string, unknown> | undefined;
  resources?: Record<string, Resource> | undefined;
}
const resourceSchema: v.GenericSchema<Resource> = v.object({
  methods: v.optional(v.record(v.string(), v.unknown())),
  resources: v.optional(v.lazy(() => v.record(v.string(), resourceSchema))),
});
const documentSchema = v.object({
  servicePath: v.string(),
  parameters: v.record(v.string(), v.unknown()),
  resources: v.record(v.string(), resourceSchema),
  schemas: v.record(v.string(), v.record(v.string(), v.unknown())),
});

/** One of Google's services, as Google describes it. */
export interface Discovery {
  method(id: string): DescribedMethod | undefined;
  /** From the root of the service, beginning with a slash. */
  pathsOf(method: DescribedMethod): string[];
  /** Those that every method takes. */
  commonParameters: string[];
  /** What is wrong with data as this schema; empty where nothing is. */
  problems(schema: string, data: unknown): string[];
  propertiesOf(schema: string): Record<string, unknown>;
}

/** Undefined where the descriptions are not on this machine. */
export function readDiscovery(file: string): Discovery | undefined {
  const path = `${FOLDER}/gcp/${file}.json`;
  if (!existsSync(path)) return undefined;
  const document = v.parse(documentSchema, JSON.parse(readFileSync(path, 'utf8')));
  const methods = new Map(methodsOf(document.resources).map((method) => [method.id, method]));
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const $defs = Object.fromEntries(
    Object.entries(document.schemas).map(([name, schema]) => [name, converted(schema)]),
  );
  ajv.addSchema({ $id: 'discovery', $defs });
  const validators = new Map<string, ValidateFunction>();

  return {
    method: (id) => methods.get(id),
    pathsOf: ({ path: own, flatPath, mediaUpload }) =>
      [...new Set([own, flatPath ?? own])]
        .map((each) => `/${document.servicePath}${each}`)
        .concat(mediaUpload?.protocols.simple.path ?? []),
    commonParameters: Object.keys(document.parameters),
    problems(schema, data) {
      const validate = validators.get(schema) ?? ajv.compile({ $ref: `discovery#/$defs/${schema}` });
      validators.set(schema, validate);
      if (validate(data)) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${schema}${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    },
    propertiesOf: (schema) => Object(document.schemas[schema]?.properties),
  };
}

function methodsOf(resources: Readonly<Record<string, Resource>>): DescribedMethod[] {
  return Object.values(resources).flatMap(({ methods = {}, resources: inner = {} }) => [
    ...Object.values(methods).map((method) => v.parse(methodSchema, method)),
    ...methodsOf(inner),
  ]);
}

/** A schema of a discovery document as JSON Schema: what it does not name must not be there. */
function converted(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(converted);
  if (typeof schema !== 'object' || schema === null) return schema;
  const {
    $ref,
    type,
    properties,
    items,
    additionalProperties,
    enum: values,
    pattern,
  } = { ...schema } as Record<string, unknown>;
  if (typeof $ref === 'string') return { $ref: `discovery#/$defs/${$ref}` };
  return {
    ...(type === undefined || type === 'any' ? {} : { type }),
    ...(values === undefined ? {} : { enum: values }),
    ...(typeof pattern === 'string' ? { pattern: `^(?:${pattern})$` } : {}),
    ...(items === undefined ? {} : { items: converted(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(Object(properties)).map(([name, inner]) => [name, converted(inner)]),
          ),
        }),
    ...(additionalProperties !== undefined
      ? { additionalProperties: converted(additionalProperties) }
      : properties === undefined
        ? {}
        : { additionalProperties: false }),
  };
}
