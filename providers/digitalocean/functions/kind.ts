import * as v from 'valibot';
import type { FunctionsApi } from './api.ts';
import type { Whisk } from './whisk.ts';

export type Properties = Record<string, unknown>;

/** DigitalOcean Functions, with the operator's rights. */
export interface Services {
  api: FunctionsApi;
  /** The inside of a namespace, and where it is; undefined: there is no such namespace. */
  inside(namespace: string): Promise<Inside | undefined>;
}

export interface Inside {
  apiHost: string;
  whisk: Whisk;
}

/** What a changed input asks for. */
export interface Difference {
  changes: boolean;
  /** Inputs that a thing cannot change: it is made anew. */
  replaces: string[];
}

/** One kind of resource. Its state is what `create`, `read` and `update` gave last. */
export interface Kind {
  /** What is wrong with inputs, each with its name; what is not known yet is not wrong. */
  check(inputs: Properties): { property: string; reason: string }[];
  difference(state: Properties, inputs: Properties): Difference;
  create(inputs: Properties, services: Services): Promise<{ id: string; state: Properties }>;
  /** undefined: it is gone, for certain. */
  read(state: Properties, services: Services): Promise<Properties | undefined>;
  update(state: Properties, inputs: Properties, services: Services): Promise<Properties>;
  /** Safe to repeat: one that is gone is deleted. */
  delete(state: Properties, services: Services): Promise<void>;
}

/** What Pulumi gives in a preview for what is not known yet. */
const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Pulumi prints the value of whatever is named as wrong, secret or not: of these only the reason names them. */
const SECRET = new Set(['parameters', 'webSecret']);

/** What is wrong with inputs, as their schemas say it: never what stands in them. */
export function problemsOf(
  schemas: Readonly<Record<string, v.GenericSchema>>,
  inputs: Properties,
): { property: string; reason: string }[] {
  return Object.entries(schemas).flatMap(([property, schema]) => {
    const value = inputs[property];
    if (value === UNKNOWN) return [];
    const { issues, success } = v.safeParse(schema, value);
    if (success) return [];
    const reason = issues[0].message;
    return [SECRET.has(property) ? { property: '', reason: `${property}: ${reason}` } : { property, reason }];
  });
}

/** Which of the named inputs are others than they were. */
export function changedOf(names: readonly string[], state: Properties, inputs: Properties): string[] {
  return names.filter((name) => JSON.stringify(state[name]) !== JSON.stringify(inputs[name]));
}

/** Somebody else has a thing of that name, or may have. */
export function taken(what: string, why: string): Error {
  return new Error(`${what} is there already, and ${why}: nothing was changed`);
}

/** The pool's own things say so. */
export const OWN_MARK = { key: 'ebbtide', value: 'functions' };

export function isOwn(annotations: readonly { key: string; value: unknown }[]): boolean {
  return annotations.some(({ key, value }) => key === OWN_MARK.key && value === OWN_MARK.value);
}

export async function insideOf({ inside }: Services, namespace: string): Promise<Inside> {
  const found = await inside(namespace);
  if (found !== undefined) return found;
  throw new Error(
    `there is no Functions namespace ${namespace}: was it deleted by hand? \`pulumi refresh\` sees that`,
  );
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_@.-]{0,255}$/;

export const nameSchema = v.pipe(
  v.string('it must be a name'),
  v.regex(NAME, 'it must be letters, digits, and any of _ @ . -, beginning with none of the last three'),
);
