const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** The names of the placeholders in a text, each once. */
export function placeholdersIn(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(PLACEHOLDER), ([, name]) => (name ?? '').trim()))];
}

/** Fills in every placeholder; throws on unknown ones. A value is put in as it is and not looked into again. */
export function fillPlaceholders(text: string, values: ReadonlyMap<string, string>): string {
  const unknown = placeholdersIn(text).filter((name) => !values.has(name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => `{{${name}}}`).join(', ');
    throw new Error(`unknown placeholders: ${names}. Known are: ${[...values.keys()].sort().join(', ')}`);
  }
  return text.replace(PLACEHOLDER, (_, name: string) => values.get(name.trim()) ?? '');
}
