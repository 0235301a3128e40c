import type * as v from 'valibot';

/** What is right of settings of which something may be wrong. A member that is wrong is there, as undefined. */
export type RightPart<T> = T extends readonly (infer Item)[]
  ? readonly (RightPart<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: RightPart<T[Key]> | undefined }
    : T;

/** A section without what its schema found wrong, so that the rest can be checked in the same round. */
export function rightPartOf<Schema extends v.GenericSchema>(
  result: v.SafeParseResult<Schema>,
): RightPart<v.InferOutput<Schema>> | undefined {
  const paths = (result.issues ?? []).map((issue) => (issue.path ?? []).map(({ key }) => key));
  return paths.reduce(without, result.output) as RightPart<v.InferOutput<Schema>> | undefined;
}

function without(value: unknown, [first, ...rest]: readonly unknown[]): unknown {
  if (first === undefined || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.map((item, index) => (index === first ? without(item, rest) : item));
  const key = String(first);
  return { ...value, [key]: without(Reflect.get(value, key), rest) };
}
