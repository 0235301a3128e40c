import type * as v from 'valibot';
import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { CloudWords, CommonSettings, SharedSettings } from './settings-schema.ts';

/** What only one cloud has, checked. */
export interface OfCloud<Own, Provider, Secrets> {
  own: Own;
  provider: Provider;
  secrets: Secrets | undefined;
}

/**
 * What a cloud adds to the settings of all clouds. `Own` is its section, `Provider` the keys of its Pulumi provider,
 * `Secrets` what it must know that is secret.
 */
export interface CloudRules<Own, Provider, Secrets, Settings extends CommonSettings> {
  /** Under which name the cloud's Pulumi provider has its own keys: `aws`, as in `aws:region`. */
  provider: string;
  words: CloudWords;
  /** Whether the nodes' place in a network of the operator's own is one of its subnets. */
  hasSubnets: boolean;
  /** Keys beside those of every cloud that `pool.existingGroup` brings by itself. */
  broughtByGroup: readonly string[];
  /** `ebbtide:CLOUD` */
  section: v.GenericSchema<unknown, Own>;
  /** `ebbtide:CLOUDSecrets`, apart from the section: one secret makes a whole group secret. */
  secrets?: v.GenericSchema<unknown, Secrets>;
  /** `PROVIDER:*`, as far as this program hands it on to its explicit provider. */
  providerSection: v.GenericSchema<unknown, Provider>;
  /** What the cloud asks of settings that are right by themselves. */
  problems(
    shared: RightPart<SharedSettings>,
    own: RightPart<Own> | undefined,
    provider: RightPart<Provider> | undefined,
  ): Problem[];
  /** What is allowed and yet worth saying at preview. */
  warnings(shared: SharedSettings, own: Own, secrets: Secrets | undefined): Problem[];
  /** All of it together, when nothing is wrong. */
  settingsOf(common: CommonSettings, ofCloud: OfCloud<Own, Provider, Secrets>): Settings;
}
