import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

const shapeSchema = v.looseObject({
  type: v.string(),
  required: v.optional(v.array(v.string()), []),
  members: v.optional(
    v.record(v.string(), v.looseObject({ shape: v.string(), flattened: v.optional(v.boolean()) })),
  ),
  member: v.optional(v.looseObject({ shape: v.string() })),
  enum: v.optional(v.array(v.string())),
  min: v.optional(v.number()),
  max: v.optional(v.number()),
});
const modelSchema = v.looseObject({
  operations: v.record(
    v.string(),
    v.looseObject({
      input: v.optional(v.looseObject({ shape: v.string() })),
      output: v.optional(v.looseObject({ shape: v.string() })),
    }),
  ),
  shapes: v.record(v.string(), shapeSchema),
});

/** AWS's own description of a service, in the form that its SDKs are made from. */
export type ServiceModel = v.InferOutput<typeof modelSchema>;

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));
const FOLDER = process.env.EBBTIDE_SPECS ?? resolve(REPOSITORY, '../shared/specs');

/** Undefined where the official descriptions are not on this machine. */
export function readServiceModel(service: string): ServiceModel | undefined {
  const path = resolve(FOLDER, 'aws', `${service}.json`);
  return existsSync(path) ? v.parse(modelSchema, JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/** What is wrong with a schema of ours as a description of this shape; empty where it holds. */
export function disagreements(
  schema: v.GenericSchema,
  shapeName: string,
  model: ServiceModel,
  path = shapeName,
): string[] {
  const shape = model.shapes[shapeName];
  if (!shape) return [`${path}: the service has no shape ${shapeName}`];
  const inner = unwrap(schema);
  switch (shape.type) {
    case 'structure': {
      const entries = entriesOf(inner);
      if (!entries) return [`${path}: must be a strict object`];
      const members = shape.members ?? {};
      const unknown = Object.keys(entries).filter((name) => !(name in members));
      const missing = shape.required.filter((name) => !(name in entries) || isOptional(entries[name]));
      return [
        ...unknown.map((name) => `${path}.${name}: the service has no such member`),
        ...missing.map((name) => `${path}.${name}: is required by the service`),
        ...Object.entries(entries).flatMap(([name, entry]) => {
          const member = members[name];
          return member ? disagreements(entry, member.shape, model, `${path}.${name}`) : [];
        }),
      ];
    }
    case 'list': {
      const item = Reflect.get(inner, 'item');
      if (inner.type !== 'array' || !isSchema(item) || !shape.member) return [`${path}: must be a list`];
      return disagreements(item, shape.member.shape, model, `${path}[]`);
    }
    case 'string': {
      if (shape.enum) {
        const options: unknown = Reflect.get(inner, 'options');
        const ours = Array.isArray(options) ? options : undefined;
        if (!ours) return [];
        return ours
          .filter((option) => !shape.enum?.includes(option))
          .map((option) => `${path}: ${option} is no value of it`);
      }
      return inner.type === 'string' || inner.type === 'picklist'
        ? []
        : [`${path}: must be text, not ${inner.type}`];
    }
    default:
      return [];
  }
}

/** What is wrong with data of ours as this shape. XML has no types: only names, lists and what is required are held. */
export function dataDisagreements(
  data: unknown,
  shapeName: string,
  model: ServiceModel,
  path = shapeName,
): string[] {
  const shape = model.shapes[shapeName];
  if (!shape) return [`${path}: the service has no shape ${shapeName}`];
  if (shape.type === 'list') {
    const member = shape.member?.shape ?? '';
    const items = listOf(data);
    return items.flatMap((item, index) => dataDisagreements(item, member, model, `${path}[${index}]`));
  }
  if (shape.type !== 'structure') {
    if (typeof data === 'object') return [`${path}: must be a plain value`];
    const known = shape.enum?.includes(String(data)) ?? true;
    return known ? [] : [`${path}: ${data} is no value of it`];
  }
  const members = shape.members ?? {};
  const own = typeof data === 'object' && data !== null ? Object.entries(data) : [];
  return [
    ...shape.required
      .filter((name) => !own.some(([key]) => key === name))
      .map((name) => `${path}.${name}: is missing`),
    ...own.flatMap(([name, value]) => {
      const member = members[name];
      if (!member) return [`${path}.${name}: the service answers no such member`];
      return dataDisagreements(value, member.shape, model, `${path}.${name}`);
    }),
  ];
}

function listOf(data: unknown): unknown[] {
  if (data === '' || data === undefined) return [];
  if (Array.isArray(data)) return data;
  const member: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'member') : undefined;
  return Array.isArray(member) ? member : [data];
}

/** The schema that says what a value is, without what only makes it optional. */
function unwrap(schema: v.GenericSchema): v.GenericSchema {
  const wrapped: unknown = Reflect.get(schema, 'wrapped');
  if (isSchema(wrapped)) return unwrap(wrapped);
  const pipe: unknown = Reflect.get(schema, 'pipe');
  if (Array.isArray(pipe) && isSchema(pipe[0]) && pipe[0] !== schema) return unwrap(pipe[0]);
  return schema;
}

function entriesOf(schema: v.GenericSchema): Record<string, v.GenericSchema> | undefined {
  if (schema.type !== 'strict_object') return undefined;
  const entries: unknown = Reflect.get(schema, 'entries');
  if (typeof entries !== 'object' || entries === null) return undefined;
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, v.GenericSchema] => isSchema(entry[1])),
  );
}

function isOptional(schema: v.GenericSchema | undefined): boolean {
  return schema?.type === 'optional';
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'schema';
}
