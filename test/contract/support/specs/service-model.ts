import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

/** Where the official descriptions lie; a clone without them skips what needs them. */
const FOLDER =
  process.env.EBBTIDE_SPECS ?? fileURLToPath(new URL('../../../../../shared/specs', import.meta.url));

const memberSchema = v.object({
  shape: v.string(),
  location: v.optional(v.string()),
  locationName: v.optional(v.string()),
});
const shapeSchema = v.object({
  type: v.string(),
  required: v.optional(v.array(v.string()), []),
  members: v.optional(v.record(v.string(), memberSchema), {}),
  member: v.optional(memberSchema),
  enum: v.optional(v.array(v.string())),
  pattern: v.optional(v.string()),
  min: v.optional(v.number()),
  max: v.optional(v.number()),
});
type Shape = v.InferOutput<typeof shapeSchema>;
const modelSchema = v.object({
  metadata: v.object({ apiVersion: v.string(), targetPrefix: v.optional(v.string()) }),
  operations: v.record(
    v.string(),
    v.object({
      http: v.object({ method: v.string(), requestUri: v.string() }),
      input: v.optional(v.object({ shape: v.string() })),
    }),
  ),
  shapes: v.record(v.string(), shapeSchema),
});
export type ServiceModel = v.InferOutput<typeof modelSchema>;

/** undefined where the descriptions are not on this machine. */
export function readServiceModel(service: string): ServiceModel | undefined {
  const path = `${FOLDER}/aws/${service}.json`;
  return existsSync(path) ? v.parse(modelSchema, JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/** What is wrong with an input, by the description of its operation; an empty list where nothing is. */
export function problemsOf(model: ServiceModel, operation: string, input: unknown): string[] {
  const described = model.operations[operation];
  if (described?.input === undefined) return [`there is no operation ${operation} with an input`];
  return problemsOfShape(model, described.input.shape, input, operation);
}

function problemsOfShape(model: ServiceModel, name: string, value: unknown, path: string): string[] {
  const shape = model.shapes[name];
  if (shape === undefined) return [`${path}: no shape ${name}`];
  switch (shape.type) {
    case 'structure':
      return problemsOfStructure(model, shape, value, path);
    case 'list': {
      if (!Array.isArray(value)) return [`${path}: not a list`];
      const member = shape.member?.shape ?? '';
      const items = value.flatMap((item, index) => problemsOfShape(model, member, item, `${path}[${index}]`));
      return [...bounds(shape, value.length, `${path}: length`), ...items];
    }
    case 'string': {
      if (typeof value !== 'string') return [`${path}: not text`];
      const problems = bounds(shape, value.length, `${path}: length`);
      if (shape.enum && !shape.enum.includes(value))
        problems.push(`${path}: ${value} is none of ${shape.enum}`);
      if (shape.pattern && !matches(shape.pattern, value))
        problems.push(`${path}: ${value} is not ${shape.pattern}`);
      return problems;
    }
    case 'boolean':
      return value === true || value === 'true' || value === false || value === 'false'
        ? []
        : [`${path}: not a boolean`];
    case 'integer':
    case 'long':
    case 'double':
      return Number.isNaN(Number(value)) || value === ''
        ? [`${path}: not a number`]
        : bounds(shape, Number(value), path);
    case 'timestamp':
      return Number.isNaN(Date.parse(String(value))) ? [`${path}: not a time`] : [];
    default:
      return [`${path}: this check knows no ${shape.type}`];
  }
}

function problemsOfStructure(model: ServiceModel, shape: Shape, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: not a structure`];
  const missing = shape.required
    .filter((name) => !(name in value))
    .map((name) => `${path}.${name} is missing`);
  const present = Object.entries(value).flatMap(([name, inner]) => {
    const member = shape.members[name];
    return member
      ? problemsOfShape(model, member.shape, inner, `${path}.${name}`)
      : [`${path}.${name} is not known`];
  });
  return [...missing, ...present];
}

function bounds({ min, max }: Shape, size: number, path: string): string[] {
  if (min !== undefined && size < min) return [`${path} ${size} is below ${min}`];
  return max !== undefined && size > max ? [`${path} ${size} is above ${max}`] : [];
}

/** Patterns are Java's; those that JavaScript does not read are left unchecked. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(text);
  } catch {
    return true;
  }
}

/** The structure that a form of the query protocol says: `A.member.1.B=x` is `{A: [{B: 'x'}]}`. */
export function structureOf(form: URLSearchParams): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [name, value] of form) {
    if (name === 'Action' || name === 'Version') continue;
    let place = root;
    const steps = name.split('.');
    for (const step of steps.slice(0, -1)) {
      place[step] ??= {};
      place = place[step] as Record<string, unknown>;
    }
    place[steps.at(-1) ?? ''] = value;
  }
  return withLists(root) as Record<string, unknown>;
}

function withLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('member' in value) return Object.values(value.member as object).map(withLists);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withLists(inner)]));
}
