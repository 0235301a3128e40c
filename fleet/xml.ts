import { XMLParser } from 'fast-xml-parser';

/**
 * XML as plain data: text stays text, and the elements named as lists are always arrays. Nothing (`{}`) where the
 * document does not end with its root: one that breaks off between two members of a list would pass for a shorter list.
 * `keepSpaces`: text is left as it is, where spaces at its ends may mean something.
 */
export function parseXml(
  text: string,
  lists: readonly string[],
  { keepSpaces = false } = {},
): Record<string, unknown> {
  const root = /^\s*(?:<\?[^>]*\?>\s*)?<([A-Za-z]\w*)[\s>]/.exec(text)?.[1];
  if (root === undefined || !text.trimEnd().endsWith(`</${root}>`)) return {};
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: !keepSpaces,
    isArray: (name) => lists.includes(name),
  });
  return parser.parse(text);
}
