/** What is counted of this node since it was made: it outlives the agent, so that no count goes back to 0 with it. */
export interface Tally {
  /** Drains that began, that came to their end, and that did so within the expected length. */
  drainsBegun: number;
  drainsEmptied: number;
  drainsInTime: number;
  /** How long those took that came to their end, and how long it took then until the node was given back. */
  drainMs: number;
  giveBackMs: number;
  /** Jobs that a process took with it which ended without being asked to; as far as known. */
  jobsLost: { egress: number; ingress: number; agents: number };
}

export const NO_TALLY: Tally = {
  drainsBegun: 0,
  drainsEmptied: 0,
  drainsInTime: 0,
  drainMs: 0,
  giveBackMs: 0,
  jobsLost: { egress: 0, ingress: 0, agents: 0 },
};
