import type * as v from 'valibot';
import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { CloudWords, SharedSettings } from './settings-schema.ts';

/** What a cloud adds to the settings of all clouds. `Own` is its section, `Provider` the keys of its Pulumi provider. */
export interface CloudRules<Own, Provider> {
  words: CloudWords;
  /** `ebbtide:CLOUD` */
  section: v.GenericSchema<unknown, Own>;
  /** `CLOUD:*`, as far as this program hands it on to its explicit provider. */
  providerSection: v.GenericSchema<unknown, Provider>;
  /** What the cloud asks of settings that are right by themselves. */
  problems(
    shared: RightPart<SharedSettings>,
    own: RightPart<Own> | undefined,
    provider: RightPart<Provider> | undefined,
  ): Problem[];
  /** What is allowed and yet worth saying at preview. */
  warnings(shared: SharedSettings, own: Own): Problem[];
}
