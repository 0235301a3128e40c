/** A size of machines, as a subscription can have it. */
export interface MachineSize {
  name: string;
  /** In whose quota it counts. */
  family: string;
  cpus: number;
  acceleratedNetworking: boolean;
}

function family(name: string, sizes: Record<string, number>, acceleratedNetworking = true): MachineSize[] {
  return Object.entries(sizes).map(([size, cpus]) => ({
    name: size,
    family: name,
    cpus,
    acceleratedNetworking,
  }));
}

/** What the twin's one region has: a few that media servers run on, in every zone. */
export const SIZES: readonly MachineSize[] = [
  ...family('standardDSv5Family', {
    Standard_D2s_v5: 2,
    Standard_D4s_v5: 4,
    Standard_D8s_v5: 8,
    Standard_D16s_v5: 16,
  }),
  ...family('standardDPSv5Family', { Standard_D2ps_v5: 2, Standard_D4ps_v5: 4, Standard_D8ps_v5: 8 }),
  ...family('standardFSv2Family', { Standard_F4s_v2: 4, Standard_F8s_v2: 8, Standard_F16s_v2: 16 }),
  ...family('standardBSFamily', { Standard_B1s: 1, Standard_B2s: 2 }, false),
];

export const ZONES: readonly string[] = ['1', '2', '3'];

/** How many processors a subscription may have there: of each family, and of all together. */
export const QUOTA = { family: 350, all: 350 };
