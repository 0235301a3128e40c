import { createHash } from 'node:crypto';

/** What a metadata server tells: text at the leaves. */
export interface Tree {
  [name: string]: string | Tree;
}

/** Undefined where there is nothing under that path. */
export function find(tree: Tree, path: readonly string[]): string | Tree | undefined {
  let place: string | Tree | undefined = tree;
  for (const step of path) {
    if (typeof place !== 'object' || !Object.hasOwn(place, step)) return undefined;
    place = place[step];
  }
  return place;
}

/** A directory as it is listed: those of its names that are directories end with a slash. */
export function listing(directory: Tree): string {
  return Object.entries(directory)
    .map(([name, value]) => `${name}${typeof value === 'string' ? '' : '/'}\n`)
    .join('');
}

/**
 * A directory whole, as JSON: Google's own names are then in camel case, an operator's keys as they are, and a directory
 * of numbers is a list.
 */
export function recursive(value: string | Tree, isOperators = false): unknown {
  if (typeof value === 'string') return value;
  const names = Object.keys(value);
  if (names.length > 0 && names.every((name) => /^\d+$/.test(name))) {
    return names.map((name) => recursive(value[name] ?? ''));
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      isOperators ? name : camelCase(name),
      recursive(inner, name === 'attributes'),
    ]),
  );
}

export function etagOf(value: string | Tree): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
}
