import { SpacesBucket } from '@pulumi/digitalocean/spacesBucket.js';
import { SpacesKey } from '@pulumi/digitalocean/spacesKey.js';
import * as pulumi from '@pulumi/pulumi';
import { createSpacesProvider } from '../../providers/digitalocean/provider.ts';
import { RandomText } from '../../providers/random-text.ts';
import type { BucketName, DigitalOceanNames } from './names.ts';

export interface PoolStoreArgs {
  names: DigitalOceanNames;
  region: string;
  /** Of DigitalOcean's API, where the configuration has it. */
  token: string | undefined;
}

/** A key of Spaces. */
export interface StoreKey {
  id: pulumi.Output<string>;
  secret: pulumi.Output<string>;
}

/** A status is written every 20 s: one of this age is of a machine that is long gone. */
const STATUS_DAYS = 7;
/** Longer than any drain. */
const DECISION_DAYS = 30;
/** What a roll says there concerns nobody after a day. */
const ROLL_DAYS = 2;
/** Of a run that died: none takes longer than a minute. */
const RUN_DAYS = 1;
/** Longer than a node is waited for: who has been heard of since then needs no announcement. */
const ANNOUNCED_DAYS = 7;
const BIRTH_BYTES = 4;

/**
 * The pool's private store. A key of Spaces knows whole buckets, and no prefixes: what nodes read, what they write and what
 * they must not see has a bucket each.
 */
export class PoolStore extends pulumi.ComponentResource {
  /** Known only when the buckets are there, so that whoever uses them waits for them. */
  readonly buckets: Record<BucketName, pulumi.Output<string>>;
  /** With which things are put into the buckets. */
  readonly provider: pulumi.ProviderResource;
  /** All nodes have the same: DigitalOcean gives a droplet no identity of its own. */
  readonly nodeKey: StoreKey;
  readonly orchestratorKey: StoreKey;
  /** Of a key of whoever needs one. */
  readonly keyName: (whose: string) => pulumi.Output<string>;

  constructor(name: string, args: PoolStoreArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolStore', name, {}, options);
    const { names, region, token } = args;
    const parent = { parent: this };
    const fixed = { to: region, otherwise: otherPlace(region) };
    const birth = new RandomText(`${name}-birth`, { bytes: BIRTH_BYTES, secret: false, fixed }, parent).text;
    this.keyName = (whose) => birth.apply((born) => names.key(whose, born));
    const keyOf = (whose: string, grants: { bucket: pulumi.Input<string>; permission: string }[]) => {
      const key = new SpacesKey(`${name}-${whose}-key`, { name: this.keyName(whose), grants }, parent);
      return { id: key.accessKey, secret: pulumi.secret(key.secretKey) };
    };

    // Who makes buckets needs a key that is bound to none.
    const stackKey = keyOf('stack', [{ bucket: '', permission: 'fullaccess' }]);
    this.provider = createSpacesProvider(`${name}-spaces`, { token }, stackKey, parent);
    const bucketOf = (what: BucketName, lifecycleRules: ReturnType<typeof expiry>[]) =>
      new SpacesBucket(
        `${name}-${what}`,
        {
          name: birth.apply((born) => names.bucket(what, born)),
          region,
          acl: 'private',
          // Nothing in it outlives the pool: destroy takes the objects along.
          forceDestroy: true,
          lifecycleRules,
        },
        { parent: this, provider: this.provider },
      ).name;
    this.buckets = {
      code: bucketOf('code', [expiry('decisions', DECISION_DAYS)]),
      statuses: bucketOf('statuses', [expiry('statuses', STATUS_DAYS)]),
      memory: bucketOf('memory', [
        expiry('memory/runs', RUN_DAYS),
        expiry('memory/aside', RUN_DAYS),
        expiry('memory/rolls', ROLL_DAYS),
        expiry('memory/announced', ANNOUNCED_DAYS),
      ]),
    };
    const { code, statuses, memory } = this.buckets;
    this.nodeKey = keyOf('nodes', [
      { bucket: code, permission: 'read' },
      { bucket: statuses, permission: 'readwrite' },
    ]);
    this.orchestratorKey = keyOf('orchestrator', [
      { bucket: code, permission: 'readwrite' },
      { bucket: statuses, permission: 'read' },
      { bucket: memory, permission: 'readwrite' },
    ]);
    this.registerOutputs({ buckets: this.buckets });
  }
}

/** Buckets in another region are other buckets: these would be deleted under the nodes that read and write them. */
function otherPlace(region: string): string {
  return (
    `ebbtide:digitalocean.spacesRegion, or without it ebbtide:digitalocean.region, is "${region}": the pool's buckets are in {was}, ` +
    'and would be deleted for others while its nodes use them. Name {was}, or make a pool of another name'
  );
}

function expiry(prefix: string, days: number) {
  return { id: prefix.replace('/', '-'), enabled: true, prefix: `${prefix}/`, expiration: { days } };
}
