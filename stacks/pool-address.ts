import * as pulumi from '@pulumi/pulumi';
import type { PoolAddress } from '../fleet/pool-address.ts';
import type { CommonSettings } from './settings-schema.ts';

/** What it says of every cloud's pool alike. */
type Common = 'v' | 'pool' | 'template' | 'rules' | 'scales';

/** The very address of one cloud: known once its pool is made. */
export function addressOf<Address extends PoolAddress>(
  { pool, scaling, scaleIn }: CommonSettings,
  template: pulumi.Input<string>,
  place: { [Name in keyof Omit<Address, Common>]: pulumi.Input<Address[Name]> },
): pulumi.Output<PoolAddress> {
  const address = {
    v: 1,
    pool: pool.name,
    template,
    rules: {
      min: pool.min,
      max: pool.max,
      maxDrains: scaleIn.maxDrains,
      coolDownMs: scaling.coolDown,
      warmUpMs: scaling.warmUp,
      warnAfterMs: scaleIn.warnAfter,
    },
    scales: scaling.kind !== 'none',
    ...place,
  };
  return pulumi.output(address) as pulumi.Output<unknown> as pulumi.Output<PoolAddress>;
}
