import type { FaultPort } from '../cloud/faults.ts';
import type { TwinCloud } from '../cloud/twin-cloud.ts';
import type { Droplet } from './droplets/droplet.ts';
import type { OceanFaulty } from './faults.ts';
import type { FunctionsModel } from './functions-api/model.ts';
import type { OceanModel, SpacesKey } from './model.ts';
import type { TokenBook } from './tokens.ts';

/** What a person, the cloud or chance does to a twin DigitalOcean, beside what every cloud knows. */
export interface OceanHands {
  /** By a person, past all that is decided. */
  deleteDroplet(name: string): void;
  /** The tag is made where there is none. */
  tag(name: string, tag: string): void;
  /** What is made stays `new`. */
  holdNew(isHeld: boolean): void;
  silenceScheduler(isSilent: boolean): void;
  setDropletLimit(limit: number): void;
}

/** A twin DigitalOcean with one account and what one program provisioned in it. */
export interface OceanTwin extends TwinCloud, OceanHands {
  /** Where every service of it answers, once it has started. */
  readonly endpoint: string;
  /** With which DigitalOcean's variables point at it. */
  environment(): Record<string, string>;
  faults: FaultPort<OceanFaulty>;
  tokens: TokenBook;
  /** Namespaces, actions and triggers, as they are now. */
  functions: FunctionsModel;
  /** What is provisioned, as it is now. */
  model(): OceanModel;
  /** Every droplet that there ever was, with all that the twin knows of it. */
  droplets(): readonly Droplet[];
  tags(): string[];
  /** A key of Spaces for a person, with just these grants: they know buckets and no prefixes. */
  newSpacesKey(key: Pick<SpacesKey, 'name' | 'grants'>): SpacesKey;
  /** What is provisioned changes while the twin runs; droplets are not disturbed. */
  provision(model: OceanModel): Promise<void>;
}
