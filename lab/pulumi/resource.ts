/** Plain inputs of one resource. */
export type Inputs = Record<string, unknown>;

/** What the real provider answers for a new resource. */
export interface Created {
  id: string;
  /** Beside the inputs. */
  outputs: Inputs;
}

/** A resource as the program asked for it and as the twin made it. */
export interface RecordedResource {
  type: string;
  name: string;
  id: string;
  inputs: Inputs;
  /** Inputs too, as a provider's outputs hold them. */
  outputs: Inputs;
}
