/** The clouds that have a twin. */
export const CLOUD_NAMES = ['aws', 'azure', 'gcp'] as const;
export type CloudName = (typeof CLOUD_NAMES)[number];

const TO_COME: readonly string[] = ['digitalocean'];

/** For a help text. */
export const CLOUDS_TOLD = `${list('or')} (${TO_COME.join(' and ')} is not there yet)`;

/** Throws for a cloud that has no twin. */
export function readCloudName(written: string): CloudName {
  const name = CLOUD_NAMES.find((each) => each === written);
  if (name !== undefined) return name;
  const there = `there is ${list('and')}`;
  throw new Error(
    TO_COME.includes(written)
      ? `--cloud ${written} is not there yet; ${there}`
      : `--cloud ${written} is not a cloud that has a twin; ${there}`,
  );
}

function list(last: 'and' | 'or'): string {
  return `${CLOUD_NAMES.slice(0, -1).join(', ')} ${last} ${CLOUD_NAMES.at(-1)}`;
}
