/** Plain data of which an answer in XML is made. Undefined members are left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** `lists`: the query protocol wraps each member in `<member>`; S3 repeats the element itself. */
export function xmlDocument(
  root: string,
  value: XmlValue,
  lists: 'member' | 'flat',
  namespace?: string,
): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `${DECLARATION}<${root}${attribute}>${content(value, lists)}</${root}>`;
}

function content(value: XmlValue, lists: 'member' | 'flat'): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((member) => `<member>${content(member, lists)}</member>`).join('');
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => {
      if (lists === 'flat' && isList(member)) {
        return member.map((each) => `<${name}>${content(each, lists)}</${name}>`).join('');
      }
      return `<${name}>${content(member, lists)}</${name}>`;
    })
    .join('');
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
