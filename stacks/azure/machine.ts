/** What a size of machine asks of what goes with it. */

/** 4 CPUs, and a network that keeps up with them. */
export const DEFAULT_MACHINE_TYPE = 'Standard_D4s_v5';

/** A "p" among the letters behind the number of CPUs: D4ps_v5, E8pds_v6, B2pts_v2. */
function isArm(machineType: string): boolean {
  return /^Standard_[A-Z]+\d+(-\d+)?[a-z]*p[a-z]*(_|$)/.test(machineType);
}

/** Debian 13 as its makers publish it for Azure: new machines take what is newest when they are made. */
export function defaultImage(machineType: string): string {
  return `Debian:debian-13:13-${isArm(machineType) ? 'arm64' : 'gen2'}:latest`;
}

export type ImageReference =
  | { id: string }
  | { publisher: string; offer: string; sku: string; version: string };

/** `PUBLISHER:OFFER:SKU:VERSION`, or the id of an image of the operator's own. */
export function imageReference(image: string): ImageReference {
  if (image.startsWith('/')) return { id: image };
  const [publisher = '', offer = '', sku = '', version = ''] = image.split(':');
  return { publisher, offer, sku, version };
}
