import type { HttpResponse } from '../../fleet/http.ts';

export interface StandInInstance {
  name: string;
  id: string;
  zone: string;
  status: string;
  labels: Record<string, string>;
  fingerprint: number;
  creationTimestamp?: string;
  lastStopTimestamp?: string;
}

export interface StandInRequest {
  method: string;
  url: URL;
  body: string;
}

/** In requests: an operation that nobody asks about ends all the same. */
const OPERATION_LASTS = 5;

/** As much of Google as the pruner and the sweep use, in memory: it answers one request at a time, and does what it says. */
export class GoogleStandIn {
  readonly project = 'example';
  readonly region = 'europe-west1';
  readonly group = 'ebbtide-media';
  readonly instances = new Map<string, StandInInstance>();
  /** By name: what the group does with each that it has. */
  readonly members = new Map<string, string>();
  readonly objects = new Map<string, { body: string; generation: number; at: number }>();
  autoscaler: Record<string, unknown> = {};
  /** A member that is listed, and has left by the time of a request. */
  leavesMeanwhile: string | undefined;
  groupExists = true;
  /** How many of its machines the group lists at most. */
  listed = Number.POSITIVE_INFINITY;
  pageSize = 500;
  now: () => number = Date.now;
  /** What was asked, in order: `GET aggregated/instances`. */
  readonly asked: string[] = [];
  /** Refusals, by what is asked. */
  readonly failing = new Map<string, { status: number; reason: string }>();
  #generation = 1;
  #operations = 0;
  readonly #pending = new Map<string, { end: () => void; dueAfter: number }>();

  constructor() {
    this.recommend(1);
  }

  recommend(recommendedSize: number, minNumReplicas = 1): void {
    this.autoscaler = {
      status: 'ACTIVE',
      statusDetails: [{ type: 'MODE_ONLY_SCALE_OUT', message: '' }],
      recommendedSize,
      autoscalingPolicy: { mode: 'ONLY_SCALE_OUT', minNumReplicas, maxNumReplicas: 100 },
    };
  }

  addMachine(name: string, id: string, inGroup = true): StandInInstance {
    const instance: StandInInstance = {
      name,
      id,
      zone: `${this.region}-b`,
      status: 'RUNNING',
      labels: { 'ebbtide-pool': 'media' },
      fingerprint: 1,
    };
    this.instances.set(name, instance);
    if (inGroup) this.members.set(name, 'NONE');
    return instance;
  }

  put(key: string, value: unknown): void {
    this.objects.set(key, { body: JSON.stringify(value), generation: ++this.#generation, at: this.now() });
  }

  read(key: string): unknown {
    const object = this.objects.get(key);
    return object === undefined ? undefined : JSON.parse(object.body);
  }

  answer({ method, url, body }: StandInRequest): HttpResponse {
    const path = decodeURIComponent(url.pathname)
      .replace(`/compute/v1/projects/${this.project}/`, '')
      .replace(`regions/${this.region}/`, '');
    const asked = `${method} ${path}`;
    this.asked.push(asked);
    this.#endWhatIsDue();
    const failure = this.failing.get(asked);
    if (failure !== undefined) return this.#refuse(failure.status, failure.reason);
    if (path.startsWith('/computeMetadata/'))
      return this.#json({ access_token: 'token', expires_in: 3600 }, { 'metadata-flavor': 'Google' });
    if (path.includes('/storage/v1/')) return this.#storage(method, url, body);
    return this.#compute(method, path, url, body);
  }

  #compute(method: string, path: string, url: URL, body: string): HttpResponse {
    const [kind, name = '', third, fourth = '', verb] = path.split('/');
    if (path === 'aggregated/instances') return this.#aggregated(url);
    if (kind === 'autoscalers' && method === 'PATCH') return this.#patchAutoscaler(body);
    if (kind === 'autoscalers') return this.#json(this.autoscaler);
    if (third === 'operations') return this.#operation(fourth, name);
    if (kind === 'operations') return this.#operation(name);
    if (kind === 'instanceGroupManagers') {
      if (!this.groupExists || name !== this.group) return this.#refuse(404, 'notFound');
      if (third === 'listManagedInstances') return this.#managed(url);
      if (third === 'abandonInstances') return this.#abandon(JSON.parse(body).instances);
      if (third === 'resize') return this.#resize(Number(url.searchParams.get('size')));
      return this.#json(this.#groupView());
    }
    const instance = third === 'instances' ? this.instances.get(fourth) : undefined;
    if (instance === undefined) return this.#refuse(404, 'notFound');
    if (method === 'DELETE') {
      instance.status = 'STOPPING';
      return this.#begin(() => this.instances.delete(instance.name), name);
    }
    if (verb === 'setLabels') {
      const { labels, labelFingerprint } = JSON.parse(body);
      if (labelFingerprint !== String(instance.fingerprint)) return this.#refuse(412, 'conditionNotMet');
      instance.labels = labels;
      instance.fingerprint += 1;
      return this.#begin(() => undefined, name);
    }
    return this.#refuse(404, 'notFound');
  }

  #groupView() {
    const currentActions: Record<string, number> = { none: 0 };
    for (const action of this.members.values()) {
      const key = action.toLowerCase();
      currentActions[key] = (currentActions[key] ?? 0) + 1;
    }
    return { baseInstanceName: this.group, targetSize: this.members.size, currentActions };
  }

  #managed(url: URL): HttpResponse {
    const all = [...this.members].map(([name, currentAction]) => {
      const instance = this.instances.get(name);
      return {
        instance: `https://compute/projects/example/zones/${instance?.zone ?? 'none'}/instances/${name}`,
        id: instance?.id,
        instanceStatus: instance?.status,
        currentAction,
      };
    });
    const { page, nextPageToken } = this.#page(all.slice(0, this.listed), url);
    return this.#json({ managedInstances: page, nextPageToken });
  }

  #aggregated(url: URL): HttpResponse {
    const [, label = '', value] = /^labels\.(.+)=(.+)$/.exec(url.searchParams.get('filter') ?? '') ?? [];
    const asked = [...this.instances.values()].filter(({ labels }) => labels[label] === value);
    const { page, nextPageToken } = this.#page(asked, url);
    const items: Record<string, unknown> = {
      'zones/us-east1-b': { warning: { code: 'NO_RESULTS_ON_PAGE', message: 'none' } },
    };
    if (page.length > 0) {
      const instances = page.map(({ fingerprint, zone, ...rest }) => ({
        ...rest,
        zone: `https://compute/projects/example/zones/${zone}`,
        labelFingerprint: String(fingerprint),
      }));
      items[`zones/${this.region}-b`] = { instances };
    }
    return this.#json({ items, nextPageToken }, { date: new Date(this.now()).toUTCString() });
  }

  /** Done means scheduled: who is abandoned leaves the group only then. */
  #abandon(urls: string[]): HttpResponse {
    const names = urls.map((url) => url.slice(url.lastIndexOf('/') + 1));
    if (this.leavesMeanwhile !== undefined) this.members.delete(this.leavesMeanwhile);
    if (names.some((name) => !this.members.has(name))) return this.#refuse(400, 'invalid');
    for (const name of names) this.members.set(name, 'ABANDONING');
    return this.#begin(() => {
      for (const name of names) this.members.delete(name);
    });
  }

  #resize(size: number): HttpResponse {
    for (const name of [...this.members.keys()].slice(size)) {
      this.members.delete(name);
      this.instances.delete(name);
    }
    return this.#begin(() => undefined);
  }

  #patchAutoscaler(body: string): HttpResponse {
    const { autoscalingPolicy } = JSON.parse(body);
    const before = this.autoscaler.autoscalingPolicy as object;
    this.autoscaler = { ...this.autoscaler, autoscalingPolicy: { ...before, ...autoscalingPolicy } };
    return this.#begin(() => undefined);
  }

  #begin(atItsEnd: () => void, zone?: string): HttpResponse {
    const name = `operation-${++this.#operations}`;
    this.#pending.set(name, { end: atItsEnd, dueAfter: this.asked.length + OPERATION_LASTS });
    return this.#json({ name, status: 'PENDING', ...this.#where(zone) });
  }

  /** Whatever was begun ends by itself, whether or not anybody looks. */
  endOperations(): void {
    for (const { end } of this.#pending.values()) end();
    this.#pending.clear();
  }

  #operation(name: string, zone?: string): HttpResponse {
    this.#end(name);
    return this.#json({ name, status: 'DONE', ...this.#where(zone) });
  }

  /** Also where nobody follows it: Google ends what it has begun. */
  #endWhatIsDue(): void {
    for (const [name, { dueAfter }] of this.#pending) if (this.asked.length > dueAfter) this.#end(name);
  }

  #end(name: string): void {
    this.#pending.get(name)?.end();
    this.#pending.delete(name);
  }

  #where(zone: string | undefined) {
    return zone === undefined
      ? { region: `https://compute/regions/${this.region}` }
      : { zone: `https://compute/zones/${zone}` };
  }

  #storage(method: string, url: URL, body: string): HttpResponse {
    const { searchParams } = url;
    const headers = { date: new Date(this.now()).toUTCString() };
    if (method === 'POST') {
      const name = searchParams.get('name') ?? '';
      const wanted = searchParams.get('ifGenerationMatch');
      if (wanted !== null && wanted !== String(this.objects.get(name)?.generation ?? 0))
        return this.#refuse(412, 'conditionNotMet');
      this.put(name, JSON.parse(body));
      return this.#json({ kind: 'storage#object', name });
    }
    const prefix = searchParams.get('prefix');
    if (prefix !== null) {
      const all = [...this.objects].filter(([key]) => key.startsWith(prefix));
      const { page, nextPageToken } = this.#page(all, url);
      const items = page.map(([name, { at }]) => ({ name, updated: new Date(at).toISOString() }));
      return this.#json({ kind: 'storage#objects', items, nextPageToken }, headers);
    }
    const object = this.objects.get(
      decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1)),
    );
    if (object === undefined) return this.#refuse(404, 'notFound', 'No such object: x');
    const { generation, at } = object;
    return {
      status: 200,
      headers: {
        ...headers,
        'last-modified': new Date(at).toUTCString(),
        'x-goog-generation': String(generation),
      },
      body: Buffer.from(object.body),
    };
  }

  #page<Item>(all: Item[], url: URL): { page: Item[]; nextPageToken?: string } {
    const start = Number(url.searchParams.get('pageToken') ?? 0);
    const end = start + this.pageSize;
    const page = all.slice(start, end);
    return end < all.length ? { page, nextPageToken: String(end) } : { page };
  }

  #json(content: unknown, headers: Record<string, string> = {}): HttpResponse {
    return { status: 200, headers, body: Buffer.from(JSON.stringify(content)) };
  }

  #refuse(status: number, reason: string, message: string = reason): HttpResponse {
    return {
      status,
      headers: {},
      body: Buffer.from(JSON.stringify({ error: { message, errors: [{ reason }] } })),
    };
  }
}
