import * as v from 'valibot';
import { type DigitalOceanClient, DigitalOceanError, readAnswer } from '../../fleet/digitalocean/client.ts';
import { describeError } from '../../fleet/error.ts';

/** What is looked for: whatever would make `up` fail half-way. */
export interface WantedOfAccount {
  tag: string;
  ownerTag: string;
  region: string;
  image: string;
  /** Only where the settings have a use for them. */
  loadBalancer: boolean;
  certificate: string | undefined;
  sshKeys: readonly string[];
  alerts: boolean;
}

export interface AccountVpc {
  id: string;
  name: string;
  region: string;
  description: string;
  ip_range?: string | undefined;
  /** Of its region. */
  default: boolean;
}

export interface AccountLoadBalancer {
  id: string;
  name: string;
  tag: string;
  vpc: string;
  health: { protocol: string; port: number; path: string };
  targets: readonly { port: number; protocol: string }[];
}

/** What an account has, as far as its token may see it, and DigitalOcean answers. */
export interface Account {
  team?: string | undefined;
  dropletLimit?: number;
  /** Of the whole account, of them the pool's, and in which VPCs those are. */
  droplets?: { all: number; ofPool: number; vpcsOfPool: readonly string[] };
  /** undefined: there is none of that name. */
  region?: { available: boolean; sizes: readonly string[] } | undefined;
  image?: { regions: readonly string[] } | undefined;
  vpcs?: readonly AccountVpc[];
  /** Whether the pool's is there, and that of this very stack. */
  tags?: { pool: boolean; owner: boolean };
  firewalls?: readonly { name: string; tags: readonly string[] }[];
  namespaces?: readonly { label: string; region: string }[];
  loadBalancers?: readonly AccountLoadBalancer[];
  certificates?: readonly string[];
  absentSshKeys?: readonly string[];
}

export interface AccountReading {
  account: Account;
  /** The token may not read these. */
  refused: string[];
  /** What is not known for another reason, a sentence each. */
  unknown: string[];
}

const text = v.string();
const list = v.nullish(v.array(text), []);
const PAGE_SIZE = 200;

/** Whoever has a right over things of a kind may read them: DigitalOcean makes no token otherwise. */
export const READS = {
  account: ['account:read'],
  droplets: ['droplet:read'],
  tags: ['tag:read'],
  regions: ['regions:read'],
  sizes: ['sizes:read'],
  image: ['image:read'],
  vpcs: ['vpc:read'],
  firewalls: ['firewall:read'],
  namespaces: ['function:read', 'function:admin'],
  spacesKeys: ['spaces_key:read'],
  loadBalancers: ['load_balancer:read'],
  certificates: ['certificate:read'],
  sshKeys: ['ssh_key:read'],
  alerts: ['monitoring:read'],
  checks: ['uptime:read'],
} as const satisfies Record<string, readonly string[]>;
export type AccountRead = keyof typeof READS;

/** Reads what `reads` names, at once. Rejects where the token is none at all. */
export async function readAccount(
  client: DigitalOceanClient,
  wanted: WantedOfAccount,
  reads: readonly AccountRead[],
): Promise<AccountReading> {
  const found: AccountReading = { account: {}, refused: [], unknown: [] };
  await Promise.all(
    reads.map(async (read) => {
      try {
        Object.assign(found.account, await READERS[read](requester(client, READS[read]), wanted));
      } catch (error) {
        if (!(error instanceof DigitalOceanError) || error.status === 401) throw error;
        if (error.status === 403) found.refused.push(...READS[read]);
        else found.unknown.push(describeError(error));
      }
    }),
  );
  return found;
}

interface Requester {
  /** undefined: there is no such thing. */
  one<Output>(path: string, schema: v.GenericSchema<unknown, Output>): Promise<Output | undefined>;
  /** To the last page. */
  all<Output>(path: string, member: string, schema: v.GenericSchema<unknown, Output>): Promise<Output[]>;
}

const READERS: Record<AccountRead, (ask: Requester, wanted: WantedOfAccount) => Promise<Account>> = {
  async account({ one }) {
    const team = v.optional(v.object({ uuid: text }));
    const schema = v.object({ account: v.object({ droplet_limit: v.optional(v.number()), team }) });
    const account = (await one('/v2/account', schema))?.account;
    const limit = account?.droplet_limit;
    return { team: account?.team?.uuid, ...(limit === undefined ? {} : { dropletLimit: limit }) };
  },
  async droplets({ one, all }, { tag }) {
    const schema = v.object({ meta: v.object({ total: v.number() }) });
    const ofTag = `/v2/droplets?tag_name=${encodeURIComponent(tag)}`;
    const [whole, ofPool] = await Promise.all([
      one('/v2/droplets?per_page=1', schema),
      all(ofTag, 'droplets', v.object({ vpc_uuid: v.optional(text) })),
    ]);
    if (whole === undefined) return {};
    const vpcs = ofPool.flatMap(({ vpc_uuid: vpc }) => vpc ?? []);
    return {
      droplets: { all: whole.meta.total, ofPool: ofPool.length, vpcsOfPool: [...new Set(vpcs)].sort() },
    };
  },
  async tags({ one }, { tag, ownerTag }) {
    const [pool, owner] = await Promise.all(
      [tag, ownerTag].map((each) => one(`/v2/tags/${encodeURIComponent(each)}`, v.unknown())),
    );
    return { tags: { pool: pool !== undefined, owner: owner !== undefined } };
  },
  async sizes({ one }) {
    await one('/v2/sizes?per_page=1', v.unknown());
    return {};
  },
  async regions({ all }, { region }) {
    const schema = v.object({ slug: text, available: v.boolean(), sizes: v.array(text) });
    return { region: (await all('/v2/regions', 'regions', schema)).find(({ slug }) => slug === region) };
  },
  async image({ one }, { image }) {
    const schema = v.object({ image: v.object({ regions: v.array(text) }) });
    return { image: (await one(`/v2/images/${encodeURIComponent(image)}`, schema))?.image };
  },
  async vpcs({ all }) {
    const schema = v.object({
      id: text,
      name: text,
      region: text,
      description: v.optional(text, ''),
      ip_range: v.optional(text),
      default: v.optional(v.boolean(), false),
    });
    return { vpcs: await all('/v2/vpcs', 'vpcs', schema) };
  },
  async firewalls({ all }) {
    const found = await all('/v2/firewalls', 'firewalls', v.object({ name: text, tags: list }));
    return { firewalls: found.map(({ name, tags }) => ({ name, tags: tags ?? [] })) };
  },
  async namespaces({ one }) {
    const namespaces = v.nullish(v.array(v.object({ label: text, region: text })), []);
    const found = await one('/v2/functions/namespaces', v.object({ namespaces }));
    return { namespaces: found?.namespaces ?? [] };
  },
  async spacesKeys({ one }) {
    await one('/v2/spaces/keys?per_page=1', v.unknown());
    return {};
  },
  async loadBalancers({ all }) {
    const found = await all(
      '/v2/load_balancers',
      'load_balancers',
      v.object({
        id: v.optional(text, ''),
        name: text,
        tag: v.nullish(text, ''),
        vpc_uuid: v.optional(text, ''),
        health_check: v.optional(
          v.object({
            protocol: v.optional(text, ''),
            port: v.optional(v.number(), 0),
            path: v.optional(text, ''),
          }),
          {},
        ),
        forwarding_rules: v.optional(
          v.array(v.object({ target_port: v.number(), target_protocol: text })),
          [],
        ),
      }),
    );
    return {
      loadBalancers: found.map(({ id, name, tag, vpc_uuid, health_check, forwarding_rules }) => ({
        id,
        name,
        tag: tag ?? '',
        vpc: vpc_uuid,
        health: health_check,
        targets: forwarding_rules.map(({ target_port: port, target_protocol: protocol }) => ({
          port,
          protocol,
        })),
      })),
    };
  },
  async certificates({ all }) {
    const found = await all('/v2/certificates', 'certificates', v.object({ name: text }));
    return { certificates: found.map(({ name }) => name) };
  },
  async sshKeys({ one }, { sshKeys }) {
    const paths = sshKeys.map((key) => `/v2/account/keys/${encodeURIComponent(key)}`);
    const found = await Promise.all(paths.map((path) => one(path, v.unknown())));
    return { absentSshKeys: sshKeys.filter((_, index) => found[index] === undefined) };
  },
  async alerts({ one }) {
    await one('/v2/monitoring/alerts?per_page=1', v.unknown());
    return {};
  },
  async checks({ one }) {
    await one('/v2/uptime/checks?per_page=1', v.unknown());
    return {};
  },
};

function requester(client: DigitalOceanClient, scopes: readonly string[]): Requester {
  async function ask<Output>(path: string, schema: v.GenericSchema<unknown, Output>): Promise<Output> {
    const { pathname, searchParams } = new URL(path, 'https://any');
    const query = Object.fromEntries(searchParams);
    const what = `reading ${pathname}`;
    return readAnswer(
      what,
      await client.send({ what, method: 'GET', path: pathname, query, scopes }),
      schema,
    );
  }

  return {
    async one(path, schema) {
      try {
        return await ask(path, schema);
      } catch (error) {
        if (error instanceof DigitalOceanError && error.status === 404) return undefined;
        throw error;
      }
    },
    async all<Output>(path: string, member: string, schema: v.GenericSchema<unknown, Output>) {
      const links = v.optional(v.object({ pages: v.optional(v.object({ next: v.optional(text) })) }));
      const page = v.pipe(
        v.looseObject({ links }),
        v.transform((whole) => ({ next: whole.links?.pages?.next, items: whole[member] ?? [] })),
        v.object({ next: v.optional(text), items: v.array(schema) }),
      );
      const found: Output[] = [];
      for (let number = 1; ; number += 1) {
        const paged = `${path}${path.includes('?') ? '&' : '?'}per_page=${PAGE_SIZE}&page=${number}`;
        const { next, items } = await ask(paged, page);
        found.push(...items);
        if (next === undefined) return found;
      }
    },
  };
}
