/** Four processors of its own, and 8 GB. */
export const DEFAULT_MACHINE_TYPE = 'c-4';
/** DigitalOcean has no Arm. */
export const DEFAULT_IMAGE = 'debian-13-x64';

/** Images of one's own are known by numbers, public ones by words. */
export function imageId(image: string): string | number {
  return /^\d+$/.test(image) ? Number(image) : image;
}
