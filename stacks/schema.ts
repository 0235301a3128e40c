import * as v from 'valibot';
import { parseDuration } from '../fleet/duration.ts';

/**
 * Pieces of which settings are made. Every message completes the sentence "KEY …": it says what would be right.
 * What was written instead is added where the error is told (see `settings-errors.ts`), except for secrets.
 */

/** A group of settings that knows all its keys: any other key is an error that lists them. */
export function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries);
  return v.strictObject(entries, (issue) => {
    if (issue.expected === 'never') return `is not a setting; there are ${known.join(', ')}`;
    if (issue.expected !== 'Object') return wantedOf(entries[String(issue.path?.at(-1)?.key)]);
    return `must be a group of settings: ${known.join(', ')}`;
  });
}

/** A group that must be there for what it must hold: left out it is read as empty, so that each such key is told. */
export function needed<const Group extends v.GenericSchema>(group: Group) {
  return v.pipe(v.optional(v.unknown(), {}), group);
}

/** What would be right for a key that is missing. */
function wantedOf(schema: v.ObjectEntries[string] | undefined): string {
  const result = schema?.async === false ? v.safeParse(schema, undefined) : undefined;
  return result?.issues?.[0].message ?? 'must be given';
}

export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

export function text(example: string) {
  const message = `must be text, such as "${example}"`;
  return v.pipe(v.string(message), v.minLength(1, message));
}

export function matching(pattern: RegExp, right: string) {
  return v.pipe(v.string(`must be ${right}`), v.regex(pattern, `must be ${right}`));
}

export function oneOf<const Options extends readonly string[]>(options: Options) {
  return v.picklist(options, `must be ${options.map((option) => `"${option}"`).join(' or ')}`);
}

export function yesOrNo() {
  return v.boolean('must be true or false');
}

export function listOf<Item extends v.GenericSchema>(item: Item, what: string) {
  return v.array(item, `must be a list of ${what}`);
}

/** A list that must not be empty. */
export function someOf<Item extends v.GenericSchema>(item: Item, what: { one: string; many: string }) {
  return v.pipe(listOf(item, what.many), v.minLength(1, `must name at least one ${what.one}`));
}

/** A duration with its unit, in milliseconds, between two written durations. */
export function duration(least: string, most: string) {
  const message = `must be a duration with a unit from "${least}" to "${most}", such as "90s" or "2h"`;
  const ofText = (written: string) => parseDuration(written) ?? Number.NaN;
  const fits = (written: string) => ofText(written) >= ofText(least) && ofText(written) <= ofText(most);
  return v.pipe(v.string(message), v.check(fits, message), v.transform(ofText));
}

export const sha256 = matching(
  /^[0-9a-f]{64}$/,
  'a sha256 as 64 hexadecimal digits in lower case (`sha256sum FILE`)',
);

/** A range of IPv4 addresses, between a widest and a narrowest length. */
export function ipv4Range(widest: number, narrowest: number) {
  const message = `must be an IPv4 range of /${widest} to /${narrowest}, such as "10.0.0.0/${Math.max(widest, 16)}"`;
  return v.pipe(
    v.string(message),
    v.check((written) => {
      const [, address = '', length = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(written) ?? [];
      const parts = address.split('.').map(Number);
      const value = parts.reduce((sum, part) => sum * 256 + part, 0);
      const isRange = parts.length === 4 && parts.every((part) => part <= 255);
      // A range starts where its length says: 10.0.1.0/16 is not one.
      const startsRight = value % 2 ** (32 - Number(length)) === 0;
      return isRange && Number(length) >= widest && Number(length) <= narrowest && startsRight;
    }, message),
  );
}
