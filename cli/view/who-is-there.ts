/** Of a long list the first say enough. */
const NAMES_TOLD = 20;

/** Behind a word that there is no such node: a sentence with the names that there are; empty where there are none. */
export function whoIsThere(names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMES_TOLD ? ', …' : '';
  return ` There are: ${names.slice(0, NAMES_TOLD).join(', ')}${more}.`;
}
