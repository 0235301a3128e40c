/** What the machines of a pool have to do, all of them together. */
export interface Load {
  /** From now on it needs so many. */
  need(nodes: number): void;
  /** What it needs now. */
  needed(): number;
  /** From 0 to 1, of one of those that share it. */
  shareOf(sharing: number): number;
}

export interface LoadOptions {
  /** At first. */
  needed: number;
  /** How full a machine may become by a scale-in, from 0 to 1. */
  fullCpu: number;
  /** How far it is from what so many can just carry, in machines: less than one. */
  below: number;
}

/** Fuller than this part of the target the others must not become by a scale-in. */
export const FULL = 0.8;

export function createLoad({ needed, fullCpu, below }: LoadOptions): Load {
  let nodes = Math.max(1, needed);
  return {
    need(next) {
      nodes = Math.max(1, next);
    },
    needed: () => nodes,
    shareOf: (sharing) => Math.min(1, ((nodes - below) * fullCpu) / Math.max(1, sharing)),
  };
}
