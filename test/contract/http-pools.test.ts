import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, Agent as TlsAgent } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { HttpError, sendHttp } from '../../fleet/http.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';

describe('a pool of connections, of which a server closes one as the next request comes', () => {
  let folder: string;
  let server: Server;
  const pools: Agent[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-pools-'));
  });
  afterEach(() => {
    server?.close();
    for (const pool of pools.splice(0)) pool.destroy();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Each of its connections answers once, and breaks then. */
  async function start(certificate?: Certificate): Promise<string> {
    const answered = new WeakSet<Socket>();
    const answer: RequestListener = ({ socket }, outgoing) => {
      if (answered.has(socket)) return socket.destroy();
      answered.add(socket);
      outgoing.end('here');
    };
    server =
      certificate === undefined
        ? createServer(answer)
        : createTlsServer(
            { key: readFileSync(certificate.key), cert: readFileSync(certificate.certificate) },
            answer,
          );
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as AddressInfo;
    return `${certificate === undefined ? 'http' : 'https'}://localhost:${port}/`;
  }

  async function askedTwice(url: string, pool: Agent): Promise<string[]> {
    pools.push(pool);
    const texts: string[] = [];
    for (let asked = 0; asked < 2; asked += 1) {
      const { body } = await sendHttp({ method: 'GET', url, timeoutMs: 20_000, pool });
      texts.push(body.toString());
    }
    return texts;
  }

  it('is asked again by a new one', async () => {
    assert.deepEqual(await askedTwice(await start(), new Agent({ keepAlive: true })), ['here', 'here']);
  });

  it('is asked again by a new one that trusts whom the pool trusts (openssl in PATH)', async function () {
    if (findProgram('openssl') === undefined) return this.skip();
    const certificate = createAuthority(folder).certify('localhost');
    const url = await start(certificate);
    const pool = new TlsAgent({ keepAlive: true, ca: readFileSync(certificate.authority) });
    assert.deepEqual(await askedTwice(url, pool), ['here', 'here']);
    const stranger = new TlsAgent({ keepAlive: true });
    await assert.rejects(askedTwice(url, stranger), (error) => error instanceof HttpError && !error.timedOut);
  });
});
