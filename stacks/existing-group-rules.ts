import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { SharedSettings } from './settings-schema.ts';

/** What a group of the operator's own brings, on every cloud. */
const BROUGHT = [
  'pool.initial',
  'pool.machineType',
  'pool.image',
  'pool.diskGb',
  'pool.zones',
  'network',
  'access',
] as const;

/**
 * What is the group's own is of no use beside `pool.existingGroup`, and would be taken for something that Ebbtide does.
 * `written`: a section as it stands in the stack file, since defaults are not the operator's words. `alsoBrought`: what
 * only a group of this cloud brings.
 */
export function existingGroupProblems(
  { pool }: RightPart<SharedSettings>,
  written: (section: string) => unknown,
  alsoBrought: readonly string[],
): Problem[] {
  const group = pool?.existingGroup;
  if (group === undefined) return [];
  return [...BROUGHT, ...alsoBrought]
    .filter((key) => isWritten(key, written))
    .map((key) => ({
      key,
      says: `is of no use with ebbtide:pool.existingGroup: it is the group's own ("${group}"); leave it out`,
    }));
}

function isWritten(key: string, written: (section: string) => unknown): boolean {
  const [section = '', name] = key.split('.');
  const found = written(section);
  if (name === undefined || typeof found !== 'object' || found === null) return found !== undefined;
  return name in found;
}
