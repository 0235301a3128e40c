import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createDigitalOceanClient } from '../../fleet/digitalocean/client.ts';
import { createDroplets } from '../../fleet/digitalocean/droplets.ts';
import type { OperatorSecrets } from '../../fleet/digitalocean/operator-secrets.ts';
import { operatorToken } from '../../fleet/digitalocean/operator-token.ts';
import { machinesOf } from '../../fleet/digitalocean/pool-machines.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { describeError } from '../../fleet/error.ts';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import type { Registry } from '../../fleet/registry.ts';
import { believeSigned } from '../../fleet/signed-fleet.ts';
import { verifyStatus } from '../../fleet/status-signature.ts';
import type { Environment } from '../environment.ts';
import type { Pool } from '../pool.ts';
import { naming } from '../rights/denied.ts';
import { namingGrants, namingScopes, scopeLack } from '../rights/digitalocean-lacks.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';
import { COMES_WHERE_NEEDED } from './replacement.ts';

/** An operator's token is not that of the stack. */
const SCOPES_TOLD = ' to one with the scopes that `npm run fleet -- policy` prints';

/** `readSecrets`: of the stack; rejects where nobody may see them. */
export async function connectDigitalOcean(
  address: PoolAddressOf<'digitalocean'>,
  environment: Environment,
  readSecrets: () => Promise<OperatorSecrets>,
): Promise<Pool> {
  const clock = createRealClock();
  const token = () => operatorToken(undefined, environment, SCOPES_TOLD);
  const client = namingScopes(
    createDigitalOceanClient({
      token: async () => token(),
      environment,
      clock,
      timeoutMs: REQUEST_TIMEOUT_MS,
    }),
  );
  const { pool, spacesRegion, buckets } = address;
  const droplets = createDroplets({ client, pool });
  const { key, poolSecret, doubt } = await secretsOf(environment, readSecrets);
  const store = createSpacesStore({
    region: spacesRegion,
    credentials: async () => key,
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
    buckets,
    patientBy: clock,
    through: namingGrants,
  });
  const registry =
    poolSecret === undefined
      ? createBucketRegistry({ store })
      : believing(createBucketRegistry({ store, verify: (status) => verifyStatus(poolSecret, status) }));
  return {
    address,
    async machines(signal) {
      // A client says of none no more than that it is missing.
      token();
      const found = await naming(droplets.list(signal), scopeLack);
      // For how long one is off, the orchestrator alone remembers.
      return machinesOf(found, pool, undefined, Date.now());
    },
    registry,
    store,
    doubt,
    // The orchestrator tags it within a minute, and makes another where one is missing: one that drains is no help to it.
    async leave(_machine, decision, replacement) {
      await registry.writeDecision(decision);
      return replacement === 'at-once' ? COMES_WHERE_NEEDED : undefined;
    },
  };
}

/** All nodes have one key of Spaces: what is not signed by the node itself, another may have written. */
function believing(registry: Registry): Registry {
  return {
    ...registry,
    readFleet: async (...read) => believeSigned(await registry.readFleet(...read)),
  };
}

/** The key by the names that Pulumi's own provider knows, else that of the stack. */
async function secretsOf(environment: Environment, readSecrets: () => Promise<OperatorSecrets>) {
  const { SPACES_ACCESS_KEY_ID: accessKeyId, SPACES_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  const own = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
  try {
    const { spacesAccessKeyId, spacesSecretAccessKey, poolSecret } = await readSecrets();
    const ofStack = { accessKeyId: spacesAccessKeyId, secretAccessKey: spacesSecretAccessKey };
    return { key: own ?? ofStack, poolSecret, doubt: undefined };
  } catch (cause) {
    const why = describeError(cause);
    if (own === undefined)
      throw new Error(
        `there is no key of Spaces: set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY to one that reads the pool's buckets, or let the stack tell its own (${why})`,
        { cause },
      );
    const doubt = `what nodes say of themselves is not verified, and may be another's words: the pool's secret is not known (${why})`;
    return { key: own, poolSecret: undefined, doubt };
  }
}
