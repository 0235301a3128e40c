import { createServer, type IncomingMessage, Agent as Pool, type ServerResponse } from 'node:http';
import { Agent as TlsPool } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type HttpResponse, sendHttp } from '../../fleet/http.ts';
import type { StoreDialect, StoreRequest, StoreServer } from './store-server.ts';

/**
 * What the front does to one request. `answer`: in the store's stead, which never hears of it. `hold`: hands it on only
 * then, even if the caller has gone meanwhile. `change`: another body under the store's own head. `cut`: the store has
 * done it, and its answer breaks off in the middle.
 */
export type Fault =
  | { kind: 'answer'; status: number; body: string }
  | { kind: 'hold'; until: Promise<unknown> }
  | { kind: 'change'; body: (whole: string) => string }
  | { kind: 'cut' };

export const slowDown = ({ slowDown: answer }: StoreDialect): Fault => ({ kind: 'answer', ...answer });
export const internalError = ({ internalError: answer }: StoreDialect): Fault => ({
  kind: 'answer',
  ...answer,
});
export const GARBAGE: Fault = { kind: 'answer', status: 200, body: '<html><body>Welcome!</body></html>' };

/** A line to an object store that fails as a test wants it; what is handed on is answered by the store itself. */
export interface StoreFront {
  url: string;
  requests: StoreRequest[];
  /** Asked for every request; undefined lets it through. */
  fault: (request: StoreRequest) => Fault | undefined;
  /** The most keys that a page of a list may have; undefined leaves it to the store. */
  maxKeys: number | undefined;
  /** How far the store's clock, as its answers tell it, has gone ahead of when it wrote. */
  storeAheadMs: number;
  /** Nothing listens any more, and open connections break. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export async function startStoreFront(
  { url: store, certificate }: Pick<StoreServer, 'url' | 'certificate'>,
  dialect: StoreDialect,
): Promise<StoreFront> {
  const pool =
    certificate === undefined
      ? new Pool({ keepAlive: true })
      : new TlsPool({ keepAlive: true, ca: certificate });
  const server = createServer((incoming, outgoing) => {
    // A caller that has gone is no matter of the front's.
    outgoing.on('error', () => undefined);
    serve(incoming, outgoing).catch((cause: Error) => outgoing.destroy(cause));
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  async function goDown(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const url = new URL(incoming.url ?? '/', store);
    const request = dialect.requestOf(incoming.method ?? '', url);
    front.requests.push(request);
    const fault = front.fault(request);
    if (fault?.kind === 'answer') {
      outgoing.writeHead(fault.status, { date: new Date().toUTCString() }).end(fault.body);
      return;
    }
    if (fault?.kind === 'hold') await fault.until;
    if (request.kind === 'list' && front.maxKeys !== undefined)
      url.searchParams.set(dialect.pageSize, String(front.maxKeys));
    const response = await sendHttp({
      method: incoming.method === 'PUT' || incoming.method === 'POST' ? incoming.method : 'GET',
      url,
      headers: passedOn(incoming),
      ...(request.kind === 'write' ? { body: Buffer.concat(chunks).toString() } : {}),
      timeoutMs: 60_000,
      pool,
    });
    giveBack(response, outgoing, fault);
  }

  function giveBack({ status, headers, body }: HttpResponse, outgoing: ServerResponse, fault?: Fault): void {
    if (fault?.kind === 'cut' && body.length === 0) {
      outgoing.destroy();
      return;
    }
    const given = fault?.kind === 'change' ? Buffer.from(fault.body(body.toString())) : body;
    const { 'transfer-encoding': _, connection: __, ...kept } = headers;
    const date = new Date(Date.parse(headers.date ?? '') + front.storeAheadMs).toUTCString();
    outgoing.writeHead(status, { ...kept, date, 'content-length': given.length });
    if (fault?.kind === 'cut') {
      outgoing.write(given.subarray(0, given.length / 2), () => outgoing.destroy());
      return;
    }
    outgoing.end(given);
  }

  const front: StoreFront = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    fault: () => undefined,
    maxKeys: undefined,
    storeAheadMs: 0,
    goDown,
    comeBack: () => listen(port),
    async close() {
      if (server.listening) await goDown();
      pool.destroy();
    },
  };
  return front;
}

/** All but what belongs to the one connection. */
function passedOn(incoming: IncomingMessage): Record<string, string> {
  const own = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);
  return Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) =>
      own.has(name) || value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
  );
}
