import { createServer, type IncomingMessage, type Server } from 'node:http';
import * as v from 'valibot';
import { describeError } from '../../fleet/error.ts';
import type { Watchdog } from '../instance/watchdog.ts';
import { TwinContainer } from './container.ts';
import { definitionSchema, filtersSchema, signalSchema, updateSchema } from './requests.ts';

interface Answer {
  status: number;
  body?: unknown;
}

export interface TwinEngineOptions {
  apiVersion?: string;
  /** Images that can be fetched, by what is asked for, and what each runs. Any other is there, and runs its words. */
  images?: ReadonlyMap<string, readonly string[]>;
  watchdog?: Watchdog;
}

/** What the twin does wrong: it hangs, it answers with 500, or it answers something else. */
export type EngineTrouble = 'hang' | 'error' | 'garbage';

/**
 * A container engine for machines that have none: the part of the Docker Engine API that is used here, on a unix socket,
 * over child processes. Requests that our code does not send are refused.
 */
export class TwinEngine {
  readonly containers: TwinContainer[] = [];
  /** Every request that was taken, as `POST /containers/ID/kill?signal=SIGQUIT`. */
  readonly asked: string[] = [];
  trouble: EngineTrouble | undefined;
  apiVersion: string;
  readonly #server: Server;
  readonly #images: ReadonlyMap<string, readonly string[]>;
  readonly #fetched = new Set<string>();
  readonly #watchdog: Watchdog | undefined;

  private constructor({ apiVersion, images, watchdog }: TwinEngineOptions) {
    this.apiVersion = apiVersion ?? '1.45';
    this.#images = images ?? new Map();
    this.#watchdog = watchdog;
    this.#server = createServer((incoming, outgoing) => {
      void this.#answer(incoming).then((answer) => {
        if (answer === undefined) return;
        const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
        outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
      });
    });
  }

  static async start(socketPath: string, options: TwinEngineOptions = {}): Promise<TwinEngine> {
    const engine = new TwinEngine(options);
    await engine.listen(socketPath);
    return engine;
  }

  async listen(socketPath: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, resolve);
    });
  }

  /** Nobody listens any more; the containers live on. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The machine is switched off: its containers have ended, and are there when the engine listens again. */
  async powerOff(): Promise<void> {
    await this.close();
    await Promise.all(this.containers.map((container) => container.powerOff()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.containers.map((container) => container.destroy()));
    await this.close();
  }

  async #answer(incoming: IncomingMessage): Promise<Answer | undefined> {
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    switch (this.trouble) {
      case 'hang':
        return undefined;
      case 'error':
        return { status: 500, body: { message: 'the twin was told to fail' } };
      case 'garbage':
        return { status: 200, body: 'garbage' };
    }
    try {
      return await this.#route(incoming.method ?? '', new URL(incoming.url ?? '/', 'http://engine'), body);
    } catch (cause) {
      return { status: 400, body: { message: describeError(cause) } };
    }
  }

  async #route(method: string, url: URL, body: string): Promise<Answer> {
    const [, version, path = ''] = /^\/v(\d+\.\d+)(\/.*)$/.exec(url.pathname) ?? [];
    if (method === 'GET' && url.pathname === '/version')
      return { status: 200, body: { ApiVersion: this.apiVersion, MinAPIVersion: '1.24' } };
    if (version !== this.apiVersion)
      return { status: 400, body: { message: `client version ${version} is not served` } };
    this.asked.push(`${method} ${path}${url.search}`);
    if (method === 'GET' && path === '/containers/json') return this.#list(url.searchParams);
    if (method === 'POST' && path === '/containers/create') return this.#create(url.searchParams, body);
    if (method === 'POST' && path === '/images/create') return this.#pull(url.searchParams);
    const [, image] = /^\/images\/(.+)\/json$/.exec(path) ?? [];
    if (method === 'GET' && image !== undefined)
      return this.#hasImage(image) ? { status: 200, body: { Id: image } } : noSuchImage(image);
    const [, reference = '', action = ''] = /^\/containers\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const container = this.#find(decodeURIComponent(reference));
    if (container === undefined) return { status: 404, body: { message: `No such container: ${reference}` } };
    switch (`${method} ${action}`) {
      case 'GET json':
        return { status: 200, body: container.inspect() };
      case 'POST start':
        if (container.status === 'running') return { status: 304 };
        container.start();
        return { status: 204 };
      case 'POST kill': {
        const signal = v.parse(signalSchema, url.searchParams.get('signal'));
        if (container.status !== 'running')
          return { status: 409, body: { message: `container ${container.id} is not running` } };
        container.kill(signal);
        return { status: 204 };
      }
      case 'POST update':
        container.setPolicy(v.parse(v.pipe(v.string(), v.parseJson(), updateSchema), body).RestartPolicy);
        return { status: 200, body: { Warnings: null } };
      case 'POST rename':
        container.name = v.parse(v.pipe(v.string(), v.minLength(1)), url.searchParams.get('name'));
        return { status: 204 };
      case 'DELETE ':
        await container.destroy();
        this.containers.splice(this.containers.indexOf(container), 1);
        return { status: 204 };
      default:
        return { status: 404, body: { message: 'page not found' } };
    }
  }

  #list(query: URLSearchParams): Answer {
    const { label: labels = [] } = v.parse(filtersSchema, query.get('filters') ?? '{}');
    const has = ({ definition: { Labels } }: TwinContainer, label: string) => {
      const [name = '', ...value] = label.split('=');
      return value.length === 0 ? name in Labels : Labels[name] === value.join('=');
    };
    const found = this.containers.filter(
      (container) =>
        (query.get('all') === 'true' || container.status === 'running') &&
        labels.every((label) => has(container, label)),
    );
    return { status: 200, body: found.map(({ id, name }) => ({ Id: id, Names: [`/${name}`] })) };
  }

  #create(query: URLSearchParams, body: string): Answer {
    const name = v.parse(v.pipe(v.string(), v.minLength(1)), query.get('name'));
    if (this.containers.some((other) => other.name === name))
      return { status: 409, body: { message: `Conflict. The container name "/${name}" is already in use` } };
    const definition = v.parse(v.pipe(v.string(), v.parseJson(), definitionSchema), body);
    const { Image } = definition;
    if (!this.#hasImage(Image)) return noSuchImage(Image);
    const container = new TwinContainer(name, definition, {
      entrypoint: this.#images.get(Image),
      watchdog: this.#watchdog,
    });
    this.containers.push(container);
    return { status: 201, body: { Id: container.id, Warnings: [] } };
  }

  #hasImage(image: string): boolean {
    return !this.#images.has(image) || this.#fetched.has(image);
  }

  /** The answer to a fetch is a line of JSON for each step; here there is one. */
  #pull(query: URLSearchParams): Answer {
    const image = v.parse(v.pipe(v.string(), v.minLength(1)), query.get('fromImage'));
    if (!this.#images.has(image))
      return { status: 404, body: { message: `manifest for ${image} not found` } };
    this.#fetched.add(image);
    return { status: 200, body: { status: `Status: Downloaded newer image for ${image}` } };
  }

  /** As Docker looks it up: by its id, by its name, by the beginning of its id. */
  #find(reference: string): TwinContainer | undefined {
    const { containers } = this;
    return (
      containers.find(({ id, name }) => id === reference || name === reference) ??
      containers.find(({ id }) => reference !== '' && id.startsWith(reference))
    );
  }
}

function noSuchImage(image: string): Answer {
  return { status: 404, body: { message: `No such image: ${image}` } };
}
