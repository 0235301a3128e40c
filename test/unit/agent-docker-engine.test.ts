import assert from 'node:assert/strict';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDockerEngine, EngineError } from '../../node-agent/runtime/docker-engine.ts';

/** What an engine would answer; the contract with a real one is test/contract/docker-engine.test.ts. */
type Answers = Record<string, { status?: number; body: unknown }>;

describe('the client of a container engine', () => {
  let folder: string;
  let socketPath: string;
  let server: Server | undefined;
  let asked: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-engine-'));
    socketPath = join(folder, 'engine.sock');
    asked = [];
  });
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    server = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const engine = () => createDockerEngine({ socketPath, timeoutMs: 3_000 });

  async function serve(answers: Answers): Promise<void> {
    server = createServer((incoming, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      const answer = answers[incoming.url ?? ''];
      if (answer === undefined) return;
      const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      outgoing.writeHead(answer.status ?? 200).end(body);
    });
    await new Promise<void>((resolve) => server?.listen(socketPath, resolve));
  }

  const versions = [
    { given: 'Docker 20.10', body: { ApiVersion: '1.41', MinAPIVersion: '1.12' }, then: '1.41' },
    { given: 'an engine that tells no oldest version', body: { ApiVersion: '1.41' }, then: '1.41' },
    { given: 'an engine that is newer', body: { ApiVersion: '1.99', MinAPIVersion: '1.44' }, then: '1.52' },
    {
      given: 'an engine that is too old',
      body: { ApiVersion: '1.39', MinAPIVersion: '1.12' },
      then: /speaks version 1\.12 to 1\.39 of the Docker Engine API, and 1\.40 or later is needed: update the engine/,
    },
    {
      given: 'an engine whose minor is smaller, not its text',
      body: { ApiVersion: '1.9' },
      then: /1\.40 or later/,
    },
    {
      given: 'an engine that is too new',
      body: { ApiVersion: '2.3', MinAPIVersion: '2.0' },
      then: /speaks version 2\.0 to 2\.3 .* at most 1\.52 is known here: update Ebbtide/,
    },
    { given: 'something else that answers', body: '<html>', then: /answer is something else \(\/version\)/ },
  ];
  for (const { given, body, then } of versions) {
    it(`${given}: ${typeof then === 'string' ? then : 'refused, and says why'}`, async () => {
      await serve({ '/version': { body } });
      if (typeof then === 'string') assert.equal(await engine().version(), then);
      else await assert.rejects(engine().version(), then);
    });
  }

  it('asks for the version once, and speaks it from there on', async () => {
    await serve({
      '/version': { body: { ApiVersion: '1.45' } },
      '/v1.45/containers/a/json': { status: 404, body: { message: 'no such container: a' } },
    });
    const client = engine();
    assert.equal(await client.inspect('a'), undefined);
    assert.equal(await client.inspect('a'), undefined);
    assert.deepEqual(asked, ['GET /version', 'GET /v1.45/containers/a/json', 'GET /v1.45/containers/a/json']);
  });

  it("keeps the status and the engine's own words", async () => {
    await serve({
      '/version': { body: { ApiVersion: '1.45' } },
      '/v1.45/containers/a/start': { status: 500, body: { message: 'no space left on device' } },
    });
    await assert.rejects(engine().start('a'), (cause) => {
      assert.ok(cause instanceof EngineError);
      assert.equal(cause.status, 500);
      assert.match(cause.message, /HTTP 500: no space left on device/);
      return true;
    });
  });

  const notFound: { given: string; body: unknown; then: 'gone' | 'unknown' }[] = [
    { given: "Docker's own word", body: { message: 'No such container: a' }, then: 'gone' },
    {
      given: "podman's own word",
      body: {
        cause: 'no such container',
        message: 'no container with name or ID "a" found: no such container',
      },
      then: 'gone',
    },
    { given: 'a path that the engine does not have', body: { message: 'page not found' }, then: 'unknown' },
    { given: 'the page of another program', body: '<h1>404 Not Found</h1>', then: 'unknown' },
    { given: 'nothing', body: '', then: 'unknown' },
  ];
  for (const { given, body, then } of notFound) {
    it(`404 with ${given}: ${then}`, async () => {
      await serve({
        '/version': { body: { ApiVersion: '1.45' } },
        '/v1.45/containers/a/json': { status: 404, body },
        '/v1.45/containers/a/kill?signal=SIGQUIT': { status: 404, body },
      });
      if (then === 'gone') {
        assert.equal(await engine().inspect('a'), undefined);
        assert.equal(await engine().kill('a', 'SIGQUIT'), 'not-running');
      } else {
        await assert.rejects(engine().inspect('a'), /HTTP 404/);
        await assert.rejects(engine().kill('a', 'SIGQUIT'), /HTTP 404/);
      }
    });
  }

  it('an answer without what is needed is an error, not an ended container', async () => {
    await serve({
      '/version': { body: { ApiVersion: '1.45' } },
      '/v1.45/containers/a/json': { body: { Id: 'a', State: {} } },
    });
    await assert.rejects(engine().inspect('a'), /something else \(container a\)/);
  });

  const sockets = [
    {
      given: 'no socket at all',
      make: async () => undefined,
      then: /is not there: no such socket; start the engine/,
    },
    {
      given: 'a file that is no socket',
      make: () => writeFile(socketPath, ''),
      then: /(does not run|is no socket)/,
    },
    {
      given: 'a socket on which nobody listens any more',
      make: async () => {
        const listener = createSocketServer();
        await new Promise<void>((resolve) => listener.listen(socketPath, resolve));
        // Node removes the file when it closes the server; a process that is killed does not.
        await rename(socketPath, `${socketPath}.kept`);
        await new Promise((resolve) => listener.close(resolve));
        await rename(`${socketPath}.kept`, socketPath);
      },
      then: /does not run: the socket is there, and nobody listens on it; start the engine/,
    },
    {
      given: 'an engine that does not answer',
      make: () => serve({}),
      then: /did not answer: no answer in 3000 ms/,
    },
  ];
  for (const { given, make, then } of sockets) {
    it(`${given}: says what it is, and what to do`, async () => {
      await make();
      await assert.rejects(engine().list({}), then);
    });
  }

  it('a socket that is not ours to use: says so', async () => {
    await serve({});
    await chmod(socketPath, 0);
    // For root no file is forbidden; for nobody else's user this one is.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await assert.rejects(engine().version(), /is not ours to use: run as root/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('is asked for its version once, however many ask it at once, and not again where it was only slow', async () => {
    const there = { '/version': { body: { ApiVersion: '1.45' } } };
    await serve(there);
    const one = engine();
    assert.deepEqual(await Promise.all([one.version(), one.version(), one.version()]), [
      '1.45',
      '1.45',
      '1.45',
    ]);
    await assert.rejects(one.inspect('slow'), /no answer in 3000 ms/);
    await one.version();
    assert.equal(asked.filter((path) => path === 'GET /version').length, 1);
  });

  describe('fetches an image', () => {
    const image = 'docker.io/a/b@sha256:c';
    const answers = (progress: string, there = true): Answers => ({
      '/version': { body: { ApiVersion: '1.45' } },
      '/v1.45/images/create?fromImage=docker.io%2Fa%2Fb%40sha256%3Ac': { body: progress },
      [`/v1.45/images/${image}/json`]: there
        ? { body: { Id: 'sha256:1' } }
        : { status: 404, body: { message: 'no such image' } },
    });
    const told: { given: string; progress: string; there?: boolean; then: RegExp | undefined }[] = [
      {
        given: 'steps and no error',
        progress: '{"status":"Pulling"}\r\n{"status":"Done"}\r\n',
        then: undefined,
      },
      {
        given: 'an error inside an answer that began well',
        progress:
          '{"status":"Pulling"}\n{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}\n',
        then: /the image docker\.io\/a\/b@sha256:c could not be fetched: unexpected EOF/,
      },
      {
        given: 'an error of the older form',
        progress: '{"error":"denied"}\n',
        then: /could not be fetched: denied/,
      },
      {
        given: 'half a line',
        progress: '{"status":"Pulling"}\n{"stat',
        then: /could not be fetched: the engine's answer breaks off: \{"stat/,
      },
      {
        given: 'success, and no image then',
        progress: '{"status":"Done"}\n',
        there: false,
        then: /was fetched, and is not there/,
      },
    ];
    for (const { given, progress, there, then } of told) {
      it(`that is told as ${given}`, async () => {
        await serve(answers(progress, there));
        if (then === undefined) await engine().pull(image, 3_000);
        else await assert.rejects(engine().pull(image, 3_000), then);
      });
    }
  });
});
