import type { Inputs } from '../resource.ts';

/** A resource as the engine speaks of it. */
export interface Addressed {
  urn: string;
  type: string;
  /** Logical name. */
  name: string;
}

/** A resource as it is: `inputs` and `outputs` as they travel, assets among them. */
export interface Made {
  id: string;
  inputs: Inputs;
  outputs: Inputs;
}
