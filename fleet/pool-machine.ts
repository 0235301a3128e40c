/**
 * Where a machine of the pool stands. `in-group`: settled and running in its group. `unsettled`: in its group, which is
 * doing something with it. `leaving-group`: on its way out of it, and it runs on. `outside`: it runs, and no group has it.
 * `paused`: outside, and off since so short that it may be about to start again. `stopped`: outside, and for some minutes
 * nothing has run on it. `stopped-unknown-since`: outside and stopped, and the cloud does not tell for how long: it may be a
 * restart. `ending`: the cloud takes it away, or puts another in its place.
 */
export type Place =
  | 'in-group'
  | 'unsettled'
  | 'leaving-group'
  | 'outside'
  | 'paused'
  | 'stopped'
  | 'stopped-unknown-since'
  | 'ending';

export interface PoolMachine {
  node: string;
  /** The cloud's own id of this one machine: a node's name may come again. */
  machine: string;
  zone: string;
  place: Place;
  /** In the cloud's words, for people. */
  state: string;
  /** An operator said on the machine itself that it is not to be touched. */
  protected: boolean;
  /** The id of the decision that the machine itself carries. */
  mark?: string | undefined;
  /** For how long it has been there, in ms by its cloud's own clock; NaN or absent where the cloud does not tell. */
  ageMs?: number | undefined;
}
