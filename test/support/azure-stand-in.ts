import { randomUUID } from 'node:crypto';
import type { Decision } from '../../fleet/decision.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from '../unit/support/local-server.ts';

export const SCALE_SET =
  '/subscriptions/sub-1/resourceGroups/media/providers/Microsoft.Compute/virtualMachineScaleSets/ebbtide-media';
const INSTANCES = `/arm${SCALE_SET}/virtualMachines`;
const SECRET = 'identity-secret';

export interface Instance {
  id: string;
  name: string;
  vmId: string;
  tags?: Record<string, string>;
  protectionPolicy?: { protectFromScaleIn?: boolean; protectFromScaleSetActions?: boolean };
  state: 'Creating' | 'Succeeded' | 'Deleting';
  power: 'running' | 'stopped';
  createdAt: number;
  etag: number;
}

interface Blob {
  body: string;
  modified: number;
  etag: string;
  lease?: { id: string; until: number };
}

interface Operation {
  polls: number;
  fails: boolean;
  end: () => void;
}

/**
 * As much of Azure as the runbook speaks to: the identity endpoint of a job, a scale set's instances, blobs with leases.
 * It stands in until the twin is there.
 */
export class AzureStandIn {
  readonly instances = new Map<string, Instance>();
  readonly containers = new Set(['statuses', 'decisions', 'memory']);
  readonly blobs = new Map<string, Blob>();
  /** Requests that changed something, in their order. */
  readonly writes: string[] = [];
  /** What it would have refused in the cloud: a request that no version of the API allows. */
  readonly wrong: string[] = [];
  pageSize = 2;
  /** How long it takes over each request. */
  answerMs = 0;
  clockMs = 0;
  /** Operations that fail in the end. */
  failingOperations = false;
  /** Answers in place of the service, before anything has happened, or after; undefined: does not. */
  intervene: (request: ReceivedRequest, when: 'before' | 'after') => Answer | undefined = () => undefined;
  private readonly operations = new Map<string, Operation>();
  private readonly server: LocalServer;

  static async start(): Promise<AzureStandIn> {
    let made: AzureStandIn | undefined;
    const server = await startLocalServer(async (request) => {
      if (made?.answerMs) await new Promise((resolve) => setTimeout(resolve, made?.answerMs));
      return made?.serve(request) ?? { status: 500 };
    });
    made = new AzureStandIn(server);
    return made;
  }

  private constructor(server: LocalServer) {
    this.server = server;
  }

  get arm(): string {
    return `${this.server.url}/arm`;
  }
  get store(): string {
    return `${this.server.url}/blob`;
  }
  get requests(): ReceivedRequest[] {
    return this.server.requests;
  }
  get environment(): Record<string, string> {
    return { IDENTITY_ENDPOINT: `${this.server.url}/identity`, IDENTITY_HEADER: SECRET };
  }
  close(): Promise<void> {
    return this.server.close();
  }
  now(): number {
    return Date.now() + this.clockMs;
  }

  add(id: string, changed: Partial<Instance> = {}): Instance {
    const instance: Instance = {
      id,
      name: `ebbtide-media_${id}`,
      vmId: `VM-${id}`,
      protectionPolicy: { protectFromScaleIn: true },
      state: 'Succeeded',
      power: 'running',
      createdAt: this.now() - 7_200_000,
      etag: 1,
      ...changed,
    };
    this.instances.set(id, instance);
    return instance;
  }
  write(path: string, body: unknown, ageMs = 1_000): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.blobs.set(path, { body: text, modified: this.now() - ageMs, etag: `"${randomUUID()}"` });
  }
  tell(status: NodeStatus, ageMs = 1_000): void {
    this.write(`statuses/${status.node}.json`, status, ageMs);
  }
  read(path: string): unknown {
    const blob = this.blobs.get(path);
    return blob === undefined ? undefined : JSON.parse(blob.body);
  }
  decisions(): Decision[] {
    return [...this.blobs.keys()]
      .filter((path) => path.startsWith('decisions/'))
      .map((path) => this.read(path) as Decision);
  }

  private serve(request: ReceivedRequest): Answer {
    const instead = this.intervene(request, 'before');
    if (instead !== undefined) return instead;
    const answer = this.answer(request);
    if (request.method !== 'GET' && typeof answer !== 'string' && answer.status < 300) {
      this.writes.push(`${request.method} ${request.path}${request.headers['x-ms-lease-action'] ?? ''}`);
    }
    return this.intervene(request, 'after') ?? answer;
  }

  private answer(request: ReceivedRequest): Answer {
    const { path, headers, url } = request;
    if (path === '/identity') {
      if (headers['x-identity-header'] !== SECRET || headers.metadata !== 'True')
        return this.refuse(request, 401);
      return json(200, { access_token: `token for ${url.searchParams.get('resource')}` });
    }
    if (path.startsWith('/arm/')) {
      if (headers.authorization !== 'Bearer token for https://management.azure.com/')
        return this.refuse(request, 401);
      return this.answerManager(request);
    }
    if (headers.authorization !== 'Bearer token for https://storage.azure.com/' || !headers['x-ms-version'])
      return this.refuse(request, 401);
    return this.answerStore(request);
  }

  private refuse({ method, path }: ReceivedRequest, status: number): Answer {
    this.wrong.push(`${method} ${path}: ${status}`);
    return armError(status, 'Refused');
  }

  private answerManager(request: ReceivedRequest): Answer {
    const { method, path, url, headers, body } = request;
    const operation = this.operations.get(path);
    if (operation !== undefined) return this.poll(operation);
    if (url.searchParams.get('api-version') !== '2024-03-01') return this.refuse(request, 400);
    if (!path.startsWith(INSTANCES)) return armError(404, 'ResourceNotFound');
    if (path === INSTANCES) return this.list(url);
    const instance = this.instances.get(path.slice(INSTANCES.length + 1));
    if (instance === undefined) return method === 'DELETE' ? { status: 204 } : armError(404, 'NotFound');
    if (method === 'GET') return json(200, modelOf(instance));
    if (method === 'DELETE') {
      instance.state = 'Deleting';
      return this.begin(() => this.instances.delete(instance.id));
    }
    if (method !== 'PUT') return this.refuse(request, 405);
    const written = JSON.parse(body) as {
      location?: string;
      tags?: Instance['tags'];
      properties: Pick<Instance, 'protectionPolicy'>;
    };
    if (written.location === undefined) return this.refuse(request, 400);
    if (headers['if-match'] !== undefined && headers['if-match'] !== `"${instance.etag}"`)
      return armError(412, 'PreconditionFailed');
    return this.begin(() => {
      instance.etag += 1;
      instance.tags = written.tags ?? {};
      instance.protectionPolicy = written.properties.protectionPolicy ?? {};
    });
  }

  private list(url: URL): Answer {
    const start = Number(url.searchParams.get('$skiptoken') ?? 0);
    const all = [...this.instances.values()];
    const next = new URL(`${this.server.url}${url.pathname}${url.search}`);
    next.searchParams.set('$skiptoken', String(start + this.pageSize));
    return json(200, {
      value: all.slice(start, start + this.pageSize).map(modelOf),
      ...(start + this.pageSize < all.length ? { nextLink: String(next) } : {}),
    });
  }

  private begin(end: () => void): Answer {
    const path = `/arm/subscriptions/sub-1/operations/${this.operations.size}`;
    this.operations.set(path, { polls: 0, fails: this.failingOperations, end });
    return {
      status: 202,
      headers: { 'azure-asyncoperation': `${this.server.url}${path}`, 'retry-after': '0' },
    };
  }

  private poll(operation: Operation): Answer {
    operation.polls += 1;
    if (operation.polls < 2) return json(200, { status: 'InProgress' }, { 'retry-after': '0' });
    if (operation.fails) return json(200, { status: 'Failed', error: { code: 'Allocation', message: 'no' } });
    operation.end();
    return json(200, { status: 'Succeeded' });
  }

  /** Lets all that was begun come to its end, as the cloud does whether somebody looks or not. */
  settle(): void {
    for (const operation of this.operations.values()) if (!operation.fails) operation.end();
    this.operations.clear();
  }

  private answerStore(request: ReceivedRequest): Answer {
    const [, , container = '', ...rest] = request.path.split('/');
    const now = this.now();
    const date = { date: new Date(now).toUTCString() };
    if (!this.containers.has(container)) return storeError(404, 'ContainerNotFound', date);
    if (request.url.searchParams.get('comp') === 'list') return this.listBlobs(container, request.url, date);
    const path = `${container}/${rest.join('/')}`;
    const blob = this.blobs.get(path);
    if (request.method === 'GET') {
      if (blob === undefined) return storeError(404, 'BlobNotFound', date);
      return { status: 200, body: blob.body, headers: { ...date, ...headersOf(blob) } };
    }
    if (request.method !== 'PUT') return this.refuse(request, 405);
    if (request.url.searchParams.get('comp') === 'lease') return this.lease(request, blob, now);
    return this.put(request, path, blob, now);
  }

  private listBlobs(container: string, url: URL, date: Record<string, string>): Answer {
    const all = [...this.blobs].filter(([path]) => path.startsWith(`${container}/`)).sort();
    const start = Number(url.searchParams.get('marker') || 0);
    const size = this.pageSize * 2;
    const blobs = all.slice(start, start + size).map(([path, blob]) => {
      const { 'last-modified': modified } = headersOf(blob);
      return `<Blob><Name>${path.slice(container.length + 1)}</Name><Properties><Last-Modified>${modified}</Last-Modified></Properties></Blob>`;
    });
    const next = start + size < all.length ? `<NextMarker>${start + size}</NextMarker>` : '<NextMarker />';
    const body = `\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${blobs.join('')}</Blobs>${next}</EnumerationResults>`;
    return { status: 200, body, headers: date };
  }

  private lease({ headers }: ReceivedRequest, blob: Blob | undefined, now: number): Answer {
    if (blob === undefined) return storeError(404, 'BlobNotFound');
    const held = blob.lease;
    const id = String(headers['x-ms-lease-id']);
    switch (headers['x-ms-lease-action']) {
      case 'acquire': {
        const proposed = String(headers['x-ms-proposed-lease-id']);
        const seconds = Number(headers['x-ms-lease-duration']);
        if (!(seconds >= 15 && seconds <= 60)) this.wrong.push(`a lease of ${seconds} s`);
        if (held !== undefined && held.until > now && held.id !== proposed)
          return storeError(409, 'LeaseAlreadyPresent');
        blob.lease = { id: proposed, until: now + seconds * 1000 };
        return { status: 201 };
      }
      case 'renew':
        if (held?.id !== id) return storeError(409, 'LeaseIdMismatchWithLeaseOperation');
        held.until = now + 60_000;
        return { status: 200 };
      case 'release':
        if (held?.id !== id) return storeError(409, 'LeaseIdMismatchWithLeaseOperation');
        delete blob.lease;
        return { status: 200 };
      default:
        return storeError(400, 'InvalidHeaderValue');
    }
  }

  private put(request: ReceivedRequest, path: string, blob: Blob | undefined, now: number): Answer {
    const { headers, body } = request;
    if (headers['x-ms-blob-type'] !== 'BlockBlob') return this.refuse(request, 400);
    if (headers['if-none-match'] === '*' && blob !== undefined) return storeError(409, 'BlobAlreadyExists');
    if (headers['if-match'] !== undefined && headers['if-match'] !== blob?.etag)
      return storeError(412, 'ConditionNotMet');
    const isHeld = blob?.lease !== undefined && blob.lease.until > now;
    if (isHeld && headers['x-ms-lease-id'] === undefined) return storeError(412, 'LeaseIdMissing');
    if (headers['x-ms-lease-id'] !== undefined && (!isHeld || headers['x-ms-lease-id'] !== blob.lease?.id))
      return storeError(412, 'LeaseIdMismatchWithBlobOperation');
    const lease = blob?.lease === undefined ? {} : { lease: blob.lease };
    this.blobs.set(path, { body, modified: now, etag: `"${randomUUID()}"`, ...lease });
    return { status: 201 };
  }
}

function modelOf({ id, name, vmId, tags, protectionPolicy, state, power, createdAt, etag }: Instance) {
  return {
    name,
    instanceId: id,
    location: 'westeurope',
    zones: ['1'],
    etag: `"${etag}"`,
    ...(tags === undefined ? {} : { tags }),
    properties: {
      vmId,
      provisioningState: state,
      timeCreated: new Date(createdAt).toISOString().replace('Z', '0000+00:00'),
      ...(protectionPolicy === undefined ? {} : { protectionPolicy }),
      instanceView: { statuses: [{ code: 'ProvisioningState/succeeded' }, { code: `PowerState/${power}` }] },
    },
  };
}

function headersOf(blob: Blob): { 'last-modified': string; etag: string } {
  return { 'last-modified': new Date(blob.modified).toUTCString(), etag: blob.etag };
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
}

function armError(status: number, code: string): Answer {
  return json(status, { error: { code, message: `it says ${code}` } });
}

function storeError(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { ...headers, 'x-ms-error-code': code },
    body: `<Error><Code>${code}</Code></Error>`,
  };
}
