import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createDigitalOceanClient } from '../../fleet/digitalocean/client.ts';
import { createDroplets, type ListedDroplet } from '../../fleet/digitalocean/droplets.ts';
import { operatorToken } from '../../fleet/digitalocean/operator-token.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { drainingTag, markInTags, PROTECTED_TAG } from '../../fleet/digitalocean/tags.ts';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import type { Environment } from '../environment.ts';
import type { Pool } from '../pool.ts';
import { naming } from '../rights/denied.ts';
import { namingGrants, namingScopes, scopeLack } from '../rights/digitalocean-lacks.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';
import { COMES_WHERE_NEEDED } from './replacement.ts';

export function connectDigitalOcean(address: PoolAddressOf<'digitalocean'>, environment: Environment): Pool {
  const client = namingScopes(
    createDigitalOceanClient({
      token: async () => operatorToken(undefined, environment),
      environment,
      clock: createRealClock(),
      timeoutMs: REQUEST_TIMEOUT_MS,
    }),
  );
  const { pool, spacesRegion, buckets } = address;
  const droplets = createDroplets({ client, pool });
  const store = createSpacesStore({
    region: spacesRegion,
    credentials: async () => spacesKey(environment),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
    buckets,
    through: namingGrants,
  });
  const registry = createBucketRegistry({ store });
  return {
    address,
    machines: async (signal) =>
      (await naming(droplets.list(signal), scopeLack)).map((droplet) => ({
        node: droplet.name,
        machine: String(droplet.id),
        zone: droplet.region.slug,
        place: placeOf(droplet, pool),
        state: droplet.status,
        protected: droplet.tags.includes(PROTECTED_TAG),
        mark: markInTags(droplet.tags),
      })),
    registry,
    store,
    // The orchestrator tags it within a minute, and makes another where one is missing: one that drains is no help to it.
    async leave(_machine, decision, replacement) {
      await registry.writeDecision(decision);
      return replacement === 'at-once' ? COMES_WHERE_NEEDED : undefined;
    },
  };
}

function placeOf({ status, tags }: ListedDroplet, pool: string): Place {
  if (status === 'off' || status === 'archive') return 'stopped-unknown-since';
  if (tags.includes(drainingTag(pool))) return 'outside';
  return status === 'active' ? 'in-group' : 'unsettled';
}

/** By the names that Pulumi's own provider knows. */
function spacesKey({
  SPACES_ACCESS_KEY_ID: accessKeyId,
  SPACES_SECRET_ACCESS_KEY: secretAccessKey,
}: Environment) {
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  throw new Error(
    "there is no key of Spaces: set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY to one that reads the pool's buckets",
  );
}
