import { createServer, type IncomingMessage, type Server } from 'node:http';
import * as v from 'valibot';
import { describeError } from '../../fleet/error.ts';
import { TwinContainer } from './container.ts';
import { definitionSchema, filtersSchema, signalSchema, updateSchema } from './requests.ts';

interface Answer {
  status: number;
  body?: unknown;
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

  private constructor(apiVersion: string) {
    this.apiVersion = apiVersion;
    this.#server = createServer((incoming, outgoing) => {
      void this.#answer(incoming).then((answer) => {
        if (answer === undefined) return;
        const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
        outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
      });
    });
  }

  static async start(socketPath: string, apiVersion = '1.45'): Promise<TwinEngine> {
    const engine = new TwinEngine(apiVersion);
    await new Promise<void>((resolve, reject) => {
      engine.#server.once('error', reject);
      engine.#server.listen(socketPath, resolve);
    });
    return engine;
  }

  /** Nobody listens any more; the containers live on. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
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
    const container = new TwinContainer(
      name,
      v.parse(v.pipe(v.string(), v.parseJson(), definitionSchema), body),
    );
    this.containers.push(container);
    return { status: 201, body: { Id: container.id, Warnings: [] } };
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
