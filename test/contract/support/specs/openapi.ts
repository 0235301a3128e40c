import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import * as v from 'valibot';
import { parse } from 'yaml';

/** Where the official descriptions lie; a clone without them skips what needs them. */
const FILE = join(
  process.env.EBBTIDE_SPECS ?? fileURLToPath(new URL('../../../../../shared/specs', import.meta.url)),
  'digitalocean',
  'openapi.yaml',
);

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  method: string;
  /** From the root: path and query. */
  target: string;
  body: string;
  status: number;
  answer: string;
}

/** DigitalOcean's API, as DigitalOcean describes it. */
export interface OpenApi {
  /** What is wrong with an exchange; an operation that is not described is wrong too. */
  problems(exchange: Exchange): string[];
  /** All that a token must have for an operation; undefined for one that is not described. */
  scopes(method: string, path: string): string[] | undefined;
}

const refSchema = v.object({ $ref: v.string() });
const contentSchema = v.optional(
  v.object({ 'application/json': v.optional(v.object({ schema: v.unknown() })) }),
);
const operationSchema = v.object({
  requestBody: v.optional(v.object({ content: contentSchema })),
  responses: v.record(v.string(), v.unknown()),
  security: v.optional(v.array(v.record(v.string(), v.array(v.string())))),
});
const documentSchema = v.object({
  paths: v.record(v.string(), v.record(v.string(), v.unknown())),
  components: v.object({
    schemas: v.record(v.string(), v.unknown()),
    responses: v.record(v.string(), v.unknown()),
  }),
});
type Document = v.InferOutput<typeof documentSchema>;

/** Undefined where the description is not here. */
export function readOpenApi(): OpenApi | undefined {
  if (!existsSync(FILE)) return undefined;
  const document = v.parse(documentSchema, parse(readFileSync(FILE, 'utf8')));
  // Patterns of it escape what needs none.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false });
  ajv.addSchema({ $id: 'do', components: document.components });
  const compiled = new Map<unknown, ValidateFunction>();

  function wrong(schema: unknown, text: string, where: string): string[] {
    if (schema === undefined) return text === '' ? [] : [`${where}: has a body`];
    let validate = compiled.get(schema);
    if (validate === undefined) {
      validate = ajv.compile(localRefs(schema));
      compiled.set(schema, validate);
    }
    validate(text === '' ? undefined : JSON.parse(text));
    return (validate.errors ?? []).map(({ instancePath, message }) => `${where}${instancePath}: ${message}`);
  }

  return {
    problems({ method, target, body, status, answer }) {
      const where = `${method} ${target} (${status})`;
      const operation = operationOf(document, method, target);
      if (operation === undefined) return [`${where}: is not described`];
      const asked = operation.requestBody?.content?.['application/json']?.schema;
      const response = resolved(document, operation.responses[status] ?? operation.responses.default);
      if (response === undefined) return [`${where}: no such answer is described`];
      const { content } = v.parse(v.object({ content: contentSchema }), response);
      return [
        ...wrong(asked, body, `${where}: asked`),
        ...wrong(content?.['application/json']?.schema, answer, `${where}: answered`),
      ];
    },
    scopes: (method, path) => {
      const [first] = operationOf(document, method, path)?.security ?? [];
      return first?.bearer_auth;
    },
  };
}

function operationOf({ paths }: Document, method: string, target: string) {
  const { pathname } = new URL(target, 'http://api');
  for (const [template, operations] of Object.entries(paths)) {
    const pattern = new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`);
    const found = operations[method.toLowerCase()];
    if (found !== undefined && pattern.test(pathname)) return v.parse(operationSchema, found);
  }
  return undefined;
}

function resolved({ components }: Document, thing: unknown): unknown {
  const ref = v.safeParse(refSchema, thing);
  return ref.success ? components.responses[ref.output.$ref.split('/').at(-1) ?? ''] : thing;
}

/** References count from the document's root, wherever a schema is taken from. */
function localRefs(schema: unknown): object {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"do#/components/');
  return JSON.parse(text);
}
