/** Four processors of its own, and 8 GB. */
export const DEFAULT_MACHINE_TYPE = 'c-4';
/** DigitalOcean has no Arm. */
export const DEFAULT_IMAGE = 'debian-13-x64';

/** What is one's own is known by a number, what is everybody's by a word: of images, and of keys by their fingerprints. */
export function numberOrWord(written: string): string | number {
  return /^\d+$/.test(written) ? Number(written) : written;
}
