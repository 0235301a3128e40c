import type { HttpResponse } from '../../fleet/http.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { createStatusSigner, deriveStatusKey, SIGNATURE_METADATA } from '../../fleet/status-signature.ts';

export interface OceanRequest {
  method: string;
  url: URL;
  body: string;
  headers: Readonly<Record<string, string>>;
}

export interface StandInDroplet {
  id: number;
  name: string;
  status: string;
  created_at: string;
  region: { slug: string };
  tags: string[];
  user_data?: string;
}

interface StandInObject {
  body: string;
  at: number;
  metadata: Record<string, string>;
}

export const POOL_SECRET = 'a secret of the pool that nobody can guess';
const METADATA = 'x-amz-meta-';

/** As much of DigitalOcean as the orchestrator uses, in memory: it answers one request at a time, and does what it says. */
export class OceanStandIn {
  readonly pool = 'media';
  readonly droplets = new Map<number, StandInDroplet>();
  readonly tags = new Set<string>(['ebbtide-media', 'ebbtide-media-draining']);
  /** By `BUCKET/KEY`. */
  readonly objects = new Map<string, StandInObject>();
  /** What was asked, in order: `POST /v2/droplets`, `PUT memory/orchestrator.json`, `LIST memory/runs/`. */
  readonly asked: string[] = [];
  /** Refusals, by what is asked. */
  readonly failing = new Map<string, { status: number; id?: string; headers?: Record<string, string> }>();
  dropletLimit = 100;
  pageSize = 200;
  now: () => number = Date.now;
  #ids = 1_000;

  addDroplet(name: string, changed: Partial<StandInDroplet> = {}): StandInDroplet {
    const droplet: StandInDroplet = {
      id: ++this.#ids,
      name,
      status: 'active',
      created_at: new Date(this.now() - 3_600_000).toISOString(),
      region: { slug: 'fra1' },
      tags: ['ebbtide-media'],
      ...changed,
    };
    this.droplets.set(droplet.id, droplet);
    return droplet;
  }

  named(name: string): StandInDroplet | undefined {
    return [...this.droplets.values()].find((droplet) => droplet.name === name);
  }

  put(key: string, value: unknown, metadata: Record<string, string> = {}): void {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    this.objects.set(`${bucketOf(key)}/${key}`, { body, at: this.now(), metadata });
  }

  /** As its agent says it: signed, unless told otherwise. */
  say(status: NodeStatus, secret: string | null = POOL_SECRET): void {
    const key = `statuses/${status.node}.json`;
    const body = JSON.stringify(status);
    const metadata =
      secret === null
        ? {}
        : { [SIGNATURE_METADATA]: createStatusSigner(deriveStatusKey(secret, status.node))(key, body) };
    this.put(key, body, metadata);
  }

  read(key: string): unknown {
    const object = this.objects.get(`${bucketOf(key)}/${key}`);
    return object === undefined ? undefined : JSON.parse(object.body);
  }

  keys(prefix: string): string[] {
    return [...this.objects.keys()]
      .map((place) => place.slice(place.indexOf('/') + 1))
      .filter((key) => key.startsWith(prefix));
  }

  answer(request: OceanRequest): HttpResponse {
    const { method, url } = request;
    const isApi = url.pathname.startsWith('/v2/');
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const prefix = url.searchParams.get('prefix');
    const asked = isApi
      ? `${method} ${decodeURIComponent(url.pathname)}`
      : prefix === null
        ? `${method} ${key}`
        : `LIST ${prefix}`;
    this.asked.push(asked);
    const failure = this.failing.get(asked);
    if (failure !== undefined) return this.#refuse(failure.status, failure.id ?? 'refused', failure.headers);
    return isApi ? this.#api(request) : this.#spaces(request, key, prefix);
  }

  #api({ method, url, body }: OceanRequest): HttpResponse {
    const [, , kind = '', id = ''] = decodeURIComponent(url.pathname).split('/');
    const given = body === '' ? {} : JSON.parse(body);
    switch (`${method} ${kind}`) {
      case 'GET account':
        return this.#json(200, { account: { droplet_limit: this.dropletLimit } });
      case 'GET droplets':
        return this.#list(url);
      case 'POST droplets':
        return this.#create(given);
      case 'DELETE droplets':
        return this.droplets.delete(Number(id)) ? this.#json(204) : this.#refuse(404, 'not_found');
      case 'POST tags':
        return id === '' ? this.#makeTag(given.name) : this.#tag(id, given.resources);
      case 'DELETE tags':
        for (const droplet of this.droplets.values()) droplet.tags = droplet.tags.filter((tag) => tag !== id);
        return this.tags.delete(id) ? this.#json(204) : this.#refuse(404, 'not_found');
      default:
        return this.#refuse(404, 'not_found');
    }
  }

  #list({ searchParams }: URL): HttpResponse {
    const [tag, name] = [searchParams.get('tag_name'), searchParams.get('name')];
    const asked = [...this.droplets.values()].filter(
      (droplet) => (tag === null || droplet.tags.includes(tag)) && (name === null || droplet.name === name),
    );
    const size = Math.min(this.pageSize, Number(searchParams.get('per_page')));
    const page = Number(searchParams.get('page') ?? 1);
    const droplets = asked.slice((page - 1) * size, page * size).map(({ user_data, ...droplet }) => droplet);
    const isLast = page * size >= asked.length;
    const next = `https://api.digitalocean.com/v2/droplets?page=${page + 1}&per_page=${size}`;
    const links = isLast ? {} : { pages: { next, last: next } };
    return this.#json(200, { droplets, links, meta: { total: asked.length } });
  }

  #create({
    name,
    tags,
    region,
    user_data,
  }: {
    name: string;
    tags: string[];
    region: string;
    user_data: string;
  }): HttpResponse {
    if (this.droplets.size >= this.dropletLimit) return this.#refuse(422, 'unprocessable_entity');
    const created_at = new Date(this.now()).toISOString();
    const droplet = this.addDroplet(name, {
      status: 'new',
      created_at,
      region: { slug: region },
      tags,
      user_data,
    });
    return this.#json(202, { droplet: { ...droplet, user_data: undefined }, links: { actions: [] } });
  }

  #makeTag(name: string): HttpResponse {
    this.tags.add(name);
    return this.#json(201, { tag: { name, resources: { count: 0 } } });
  }

  #tag(tag: string, resources: { resource_id: string }[]): HttpResponse {
    const droplets = resources.map(({ resource_id }) => this.droplets.get(Number(resource_id)));
    if (!this.tags.has(tag) || droplets.includes(undefined)) return this.#refuse(404, 'not_found');
    for (const droplet of droplets) if (droplet && !droplet.tags.includes(tag)) droplet.tags.push(tag);
    return this.#json(204);
  }

  #spaces({ method, url, body, headers }: OceanRequest, key: string, prefix: string | null): HttpResponse {
    const bucket = url.pathname.split('/')[1] ?? '';
    if (prefix !== null) return this.#listObjects(bucket, prefix, url);
    const place = `${bucket}/${key}`;
    if (method === 'PUT') {
      const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
      const named = metadata.map(([name, value]) => [name.slice(METADATA.length), value] as const);
      this.objects.set(place, { body, at: this.now(), metadata: Object.fromEntries(named) });
      return this.#give(200, '', { etag: '"1"' });
    }
    if (method === 'DELETE') {
      this.objects.delete(place);
      return this.#give(204, '');
    }
    const object = this.objects.get(place);
    if (object === undefined) return this.#give(404, '<Error><Code>NoSuchKey</Code></Error>');
    const kept = Object.entries(object.metadata).map(
      ([name, value]) => [`${METADATA}${name}`, value] as const,
    );
    const modified = { 'last-modified': new Date(object.at).toUTCString() };
    return this.#give(200, object.body, { ...modified, ...Object.fromEntries(kept) });
  }

  #listObjects(bucket: string, prefix: string, url: URL): HttpResponse {
    const start = Number(url.searchParams.get('continuation-token') ?? 0);
    const all = [...this.objects].filter(([place]) => place.startsWith(`${bucket}/${prefix}`));
    const page = all.slice(start, start + 1_000);
    const end = start + page.length;
    const contents = page.map(
      ([place, { at }]) =>
        `<Contents><Key>${place.slice(bucket.length + 1)}</Key><LastModified>${new Date(at).toISOString()}</LastModified></Contents>`,
    );
    const more =
      end < all.length
        ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${end}</NextContinuationToken>`
        : '<IsTruncated>false</IsTruncated>';
    return this.#give(200, `<ListBucketResult>${more}${contents.join('')}</ListBucketResult>`);
  }

  #json(status: number, content?: unknown): HttpResponse {
    return this.#give(status, content === undefined ? '' : JSON.stringify(content));
  }

  #refuse(status: number, id: string, headers: Record<string, string> | undefined = {}): HttpResponse {
    return this.#give(status, JSON.stringify({ id, message: id }), headers);
  }

  #give(status: number, body: string, headers: Record<string, string> = {}): HttpResponse {
    const date = new Date(this.now()).toUTCString();
    return { status, headers: { date, ...headers }, body: Buffer.from(body) };
  }
}

function bucketOf(key: string): string {
  return key.startsWith('statuses/') ? 'statuses' : key.startsWith('memory/') ? 'memory' : 'code';
}
