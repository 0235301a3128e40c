import { malformed } from '../../cloud/api-error.ts';

/**
 * A filter of a list (AIP-160), as far as the program uses it: comparisons by `=`, `!=` and `:*`, each in brackets where
 * there are several, all of which must hold.
 */
export function filtered<Item extends object>(items: readonly Item[], filter: string | undefined): Item[] {
  if (filter === undefined) return [...items];
  const comparisons = comparisonsOf(filter);
  return items.filter((item) =>
    comparisons.every((comparison) => fits(valueAt(item, comparison.path), comparison)),
  );
}

function fits(actual: unknown, { operator, value }: Comparison): boolean {
  switch (operator) {
    case '=':
      return String(actual) === value;
    case '!=':
      return String(actual) !== value;
    case ':':
      return actual !== undefined;
  }
}

interface Comparison {
  path: string[];
  operator: '=' | '!=' | ':';
  value: string;
}

const COMPARISON = /^([\w.-]+)\s*(=|!=|:)\s*(?:"([^"]*)"|([\w.*/-]+))$/;

function comparisonsOf(filter: string): Comparison[] {
  const text = filter.trim();
  const parts = text.startsWith('(')
    ? text.slice(1, -1).split(/\)\s*(?:AND\s*)?\(/)
    : text.split(/\s+AND\s+/);
  return parts.map((part) => {
    const [, path = '', operator, quoted, plain = ''] = COMPARISON.exec(part.trim()) ?? [];
    const value = quoted ?? plain;
    const known = operator === '=' || operator === '!=' || (operator === ':' && value === '*');
    if (!known) throw malformed('invalid', `the twin does not know the filter ${filter}`);
    return { path: path.split('.'), operator: operator as Comparison['operator'], value };
  });
}

function valueAt(item: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (place, step) => (typeof place === 'object' && place !== null ? Reflect.get(place, step) : undefined),
    item,
  );
}
