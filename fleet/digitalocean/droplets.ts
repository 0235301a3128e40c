import type { ServiceAnswer } from '../bearer-http.ts';
import { type DigitalOceanClient, DigitalOceanError, readAnswer } from './client.ts';
import {
  accountSchema,
  createdSchema,
  type Droplet,
  dropletsSchema,
  totalSchema,
} from './droplet-schemas.ts';
import { poolTag } from './tags.ts';

/** `listedAt`: when it was so, by DigitalOcean's own clock; NaN where it told none. */
export interface ListedDroplet extends Droplet {
  listedAt: number;
}

/** What a droplet is to be. */
export interface WantedDroplet {
  name: string;
  region: string;
  size: string;
  /** A public image's slug, or the number of one's own. */
  image: string | number;
  vpc?: string | undefined;
  sshKeys?: readonly (string | number)[] | undefined;
  monitoring?: boolean | undefined;
  userData: string;
}

/** How many droplets the account may have, and has: all of them, whosever they are. */
export interface AccountRoom {
  limit: number;
  used: number;
}

/** One pool's droplets. Every member rejects with `DigitalOceanError`; lists are whole, or they reject. */
export interface Droplets {
  /** Every droplet with the pool's tag, to the last page. */
  list(signal?: AbortSignal): Promise<ListedDroplet[]>;
  /** Those of exactly these names, tagged or not: tags come after a droplet has been made, and may be lost. */
  named(names: ReadonlySet<string>, signal?: AbortSignal): Promise<ListedDroplet[]>;
  /** Not safe to repeat: where it rejects without a refusal, the droplet may have been made. */
  create(wanted: WantedDroplet, signal?: AbortSignal): Promise<Pick<Droplet, 'id' | 'name'>>;
  /** Safe to repeat: one that is not there any more is deleted. */
  delete(id: number, signal?: AbortSignal): Promise<void>;
  /** Adds a tag, which is made where there is none of that name. Safe to repeat. */
  tag(tag: string, ids: readonly number[], signal?: AbortSignal): Promise<void>;
  /** Takes a tag away from the account, whoever has it. Safe to repeat. */
  dropTag(tag: string, signal?: AbortSignal): Promise<void>;
  readRoom(signal?: AbortSignal): Promise<AccountRoom>;
}

export interface DropletsOptions {
  client: DigitalOceanClient;
  pool: string;
}

const PAGE_SIZE = 200;
/** One request each; of more names the whole account's list is cheaper: it takes 250 requests a minute. */
const NAMES_ASKED_FOR = 5;
/** DigitalOcean has no page of a moment: what comes or goes in between shifts all that follow. */
const LOOKS = 3;
const READ = ['droplet:read', 'tag:read'] as const;

export function createDroplets({ client, pool }: DropletsOptions): Droplets {
  const ownTag = poolTag(pool);

  /** undefined where the list has changed between two of its pages. */
  async function look(
    what: string,
    filter: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<ListedDroplet[] | undefined> {
    const found = new Map<number, ListedDroplet>();
    let total: number | undefined;
    for (let page = 1; ; page += 1) {
      const query = { ...filter, per_page: PAGE_SIZE, page };
      const answer = await client.send({
        what,
        method: 'GET',
        path: '/v2/droplets',
        query,
        scopes: READ,
        signal,
      });
      const { droplets, links, meta } = readAnswer(what, answer, dropletsSchema);
      if (total !== undefined && total !== meta.total) return undefined;
      total = meta.total;
      for (const droplet of droplets) found.set(droplet.id, { ...droplet, listedAt: answer.date });
      if (links.pages.next === undefined) break;
      if (droplets.length === 0)
        throw new DigitalOceanError(`${what}: page ${page} is empty, and not the last`, 'malformed');
    }
    return found.size === total ? [...found.values()] : undefined;
  }

  async function listWhole(
    what: string,
    filter: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<ListedDroplet[]> {
    for (let attempt = 0; attempt < LOOKS; attempt += 1) {
      const found = await look(what, filter, signal);
      if (found !== undefined) return found;
    }
    throw new DigitalOceanError(`${what}: its pages do not fit together, ${LOOKS} times`, 'incomplete');
  }

  async function list(signal?: AbortSignal): Promise<ListedDroplet[]> {
    const what = `the droplets of ${pool}`;
    const found = await listWhole(what, { tag_name: ownTag }, signal);
    const bare = found.find(({ tags }) => !tags.includes(ownTag));
    // A token that may not read tags sees none: nobody would be protected, or be on its way out.
    if (bare !== undefined) {
      const text = `${what}: ${bare.name} does not show the tag ${ownTag} that it was found by (the API token needs tag:read)`;
      throw new DigitalOceanError(text, 'malformed');
    }
    return found;
  }

  async function named(names: ReadonlySet<string>, signal?: AbortSignal): Promise<ListedDroplet[]> {
    if (names.size > NAMES_ASKED_FOR) {
      const all = await listWhole("the account's droplets", {}, signal);
      return all.filter(({ name }) => names.has(name));
    }
    const lists = [...names].map((name) => listWhole(`the droplets called ${name}`, { name }, signal));
    return (await Promise.all(lists)).flat();
  }

  async function tag(name: string, ids: readonly number[], signal?: AbortSignal): Promise<void> {
    const what = `tagging ${ids.length} droplets ${name}`;
    const assign = () =>
      client.send({
        what,
        method: 'POST',
        path: `/v2/tags/${encodeURIComponent(name)}/resources`,
        body: { resources: ids.map((id) => ({ resource_id: String(id), resource_type: 'droplet' })) },
        scopes: ['tag:create', 'droplet:update'],
        signal,
      });
    if ((await unlessAbsent(assign())) !== undefined) return;
    const body = { name };
    const scopes = ['tag:create'];
    await client.send({
      what: `making the tag ${name}`,
      method: 'POST',
      path: '/v2/tags',
      body,
      scopes,
      signal,
    });
    await assign();
  }

  return {
    list,
    named,
    async create({ name, region, size, image, userData, vpc, sshKeys, monitoring = true }, signal) {
      const what = `making ${name}`;
      const answer = await client.send({
        what,
        method: 'POST',
        path: '/v2/droplets',
        body: {
          name,
          region,
          size,
          image,
          ...(vpc === undefined ? {} : { vpc_uuid: vpc }),
          ...(sshKeys === undefined ? {} : { ssh_keys: sshKeys }),
          monitoring,
          tags: [ownTag],
          user_data: userData,
        },
        scopes: ['droplet:create', 'tag:create', 'image:read', 'vpc:read'],
        once: true,
        signal,
      });
      return readAnswer(what, answer, createdSchema).droplet;
    },
    async delete(id, signal) {
      const path = `/v2/droplets/${id}`;
      const scopes = ['droplet:delete'];
      await unlessAbsent(
        client.send({ what: `deleting droplet ${id}`, method: 'DELETE', path, scopes, signal }),
      );
    },
    tag,
    async dropTag(name, signal) {
      const path = `/v2/tags/${encodeURIComponent(name)}`;
      const scopes = ['tag:delete'];
      await unlessAbsent(
        client.send({ what: `dropping the tag ${name}`, method: 'DELETE', path, scopes, signal }),
      );
    },
    async readRoom(signal) {
      const what = "the account's droplet limit";
      const [account, one] = await Promise.all([
        client.send({
          what,
          method: 'GET',
          path: '/v2/account',
          scopes: ['account:read', 'droplet:read'],
          signal,
        }),
        client.send({
          what,
          method: 'GET',
          path: '/v2/droplets',
          query: { per_page: 1 },
          scopes: READ,
          signal,
        }),
      ]);
      return {
        limit: readAnswer(what, account, accountSchema).account.droplet_limit,
        used: readAnswer(what, one, totalSchema).meta.total,
      };
    },
  };
}

/** undefined where DigitalOcean said that there is no such thing. */
async function unlessAbsent(asked: Promise<ServiceAnswer>): Promise<ServiceAnswer | undefined> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof DigitalOceanError && cause.status === 404) return undefined;
    throw cause;
  }
}
