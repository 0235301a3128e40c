import { CLOUD_NAMES as ALL_CLOUDS } from '../../fleet/clouds.ts';

/** The clouds that have a twin: each. */
export const CLOUD_NAMES = ALL_CLOUDS;
export type CloudName = (typeof CLOUD_NAMES)[number];

/** For a help text. */
export const CLOUDS_TOLD = list('or');

/** Throws for a cloud that has no twin. */
export function readCloudName(written: string): CloudName {
  const name = CLOUD_NAMES.find((each) => each === written);
  if (name !== undefined) return name;
  throw new Error(`--cloud ${written} is not a cloud that has a twin; there is ${list('and')}`);
}

function list(last: 'and' | 'or'): string {
  return `${CLOUD_NAMES.slice(0, -1).join(', ')} ${last} ${CLOUD_NAMES.at(-1)}`;
}
