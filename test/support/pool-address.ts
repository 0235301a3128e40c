import type { PoolAddress, PoolAddressOf } from '../../fleet/pool-address.ts';

type Cloud = PoolAddress['cloud'];
type Common = 'v' | 'pool' | 'template' | 'rules' | 'scales' | 'cloud';

const PLACES: { [Each in Cloud]: Omit<PoolAddressOf<Each>, Common> } = {
  aws: { region: 'eu-west-1', group: 'g', bucket: 'b' },
  azure: {
    subscriptionId: 's',
    resourceGroup: 'r',
    group: 'g',
    autoscale: 'a',
    storage: 'st',
    store: 'https://st.blob.core.windows.net/',
  },
  gcp: { project: 'p', region: 'r', group: 'g', autoscaler: 'a', bucket: 'b' },
  digitalocean: { spacesRegion: 'fra1', buckets: { code: 'c', statuses: 's', memory: 'm' } },
};

/** Where a pool is, for a test that asks no more of it than its rules. */
export function poolAddress<Each extends Cloud>(
  cloud: Each,
  rules: Partial<PoolAddress['rules']> = {},
): PoolAddressOf<Each> {
  const address = {
    v: 1,
    cloud,
    pool: 'media',
    template: 'lt-2',
    rules: { min: 1, max: 5, maxDrains: 2, coolDownMs: 0, warmUpMs: 0, warnAfterMs: 1, ...rules },
    ...PLACES[cloud],
  };
  return address as unknown as PoolAddressOf<Each>;
}
