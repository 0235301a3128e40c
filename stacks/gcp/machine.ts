/** What a machine type of GCP asks of what goes with it. */

/** 4 CPUs, and a network that keeps up with them. */
export const DEFAULT_MACHINE_TYPE = 'n2-standard-4';

/** Families of Arm processors. */
function isArm(machineType: string): boolean {
  return /^(t2a|c4a|n4a)-/.test(machineType);
}

/** Newer families take no persistent disks any more. */
export function defaultDiskType(machineType: string): string {
  return /^(c4|c4a|c4d|n4|n4a|n4d|m4|x4|h4d)-/.test(machineType) ? 'hyperdisk-balanced' : 'pd-balanced';
}

/** Debian 13 as its makers publish it for GCP. */
export function defaultImage(machineType: string): string {
  return `projects/debian-cloud/global/images/family/debian-13${isArm(machineType) ? '-arm64' : ''}`;
}
