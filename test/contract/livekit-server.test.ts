import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../lab/instance/tools.ts';
import { buildTwinLiveKit } from '../../lab/media/build-twin-livekit.ts';
import type { MediaDriver, Participant } from '../../lab/media/driver.ts';
import { LiveKitDriver } from '../../lab/media/livekit-driver.ts';
import { readMetrics } from '../../lab/media/metrics-reading.ts';
import { TwinDriver } from '../../lab/media/twin-driver.ts';
import { API_KEY, API_SECRET, eventually, MediaServer } from './media-server.ts';

interface Subject {
  readonly name: string;
  readonly driver: MediaDriver;
  /** The program, or undefined where this machine has none. */
  program(): Promise<string | undefined>;
}

const folder = mkdtempSync(join(tmpdir(), 'ebbtide-twin-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function buildTwin(): Promise<string> {
  const file = join(folder, 'livekit-server');
  if (!existsSync(file)) await buildTwinLiveKit(file);
  return file;
}

const SUBJECTS: Subject[] = [
  {
    name: 'the twin',
    driver: new TwinDriver(),
    program: buildTwin,
  },
  {
    name: 'the real one (EBBTIDE_LIVEKIT_SERVER, or livekit-server in PATH)',
    driver: new LiveKitDriver({ apiKey: API_KEY, apiSecret: API_SECRET }),
    program: async () => process.env.EBBTIDE_LIVEKIT_SERVER ?? findProgram('livekit-server'),
  },
];

/** LiveKit looks for people every 5 s while it drains. */
const LOOK_MS = 5_000;
const EXIT_MS = 4_500;

for (const { name, driver, program } of SUBJECTS) {
  describe(`LiveKit server: ${name}`, () => {
    const servers: MediaServer[] = [];
    let file = '';

    before(async function () {
      const found = await program();
      if (found === undefined) return this.skip();
      file = found;
    });
    afterEach(async () => {
      await driver.close();
      await Promise.all(servers.splice(0).map((server) => server.kill()));
    });

    async function start(change: Parameters<typeof MediaServer.start>[1] = {}): Promise<MediaServer> {
      const server = await MediaServer.start(file, change);
      servers.push(server);
      assert.ok(server.running || change.keys !== undefined, server.said);
      return server;
    }

    const join2 = (server: MediaServer) =>
      Promise.all([driver.join(server, 'talk', 'ann'), driver.join(server, 'talk', 'bob')]);
    const people = async (server: MediaServer) => (await readMetrics(server)).people;

    async function hearEachOther(...participants: Participant[]): Promise<void> {
      const before = participants.map((participant) => participant.heard().frames);
      await eventually(
        'everybody hears the others',
        () => participants.every((participant, i) => participant.heard().frames > (before[i] ?? 0) + 1),
        15_000,
      );
    }

    it('answers 200 at /, and its metrics at any path, with the labels that tell the node', async () => {
      const server = await start();
      assert.equal((await fetch(`http://127.0.0.1:${server.signalPort}/`)).status, 200);
      const response = await fetch(`http://127.0.0.1:${server.metricsPort}/any/path`);
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      const text = await response.text();
      for (const gauge of ['livekit_room_total', 'livekit_participant_total']) {
        assert.match(text, new RegExp(`^${gauge}\\{node_id="ND_[A-Za-z0-9]+",node_type="SERVER"\\} 0$`, 'm'));
      }
    });

    it('counts rooms, people and their tracks; an empty room counts until its departure timeout', async () => {
      const server = await start({ room: '{ departure_timeout: 4 }' });
      const [ann, bob] = await join2(server);
      await hearEachOther(ann, bob);
      const { nodeId: _, ...busy } = await readMetrics(server);
      assert.deepEqual(busy, { rooms: 1, people: 2, audioTracks: 2 });
      const carol = await driver.join(server, 'another talk', 'carol');
      const { nodeId: __, ...busier } = await readMetrics(server);
      assert.deepEqual({ rooms: busier.rooms, people: busier.people }, { rooms: 2, people: 3 });
      await Promise.all([ann, bob, carol].map((participant) => participant.hangUp()));
      await eventually('nobody is left', async () => (await people(server)) === 0, 3_000);
      assert.equal((await readMetrics(server)).rooms, 2, 'rooms outlive their people');
      await eventually('the rooms are closed', async () => (await readMetrics(server)).rooms === 0, 9_000);
      assert.deepEqual(await ann.ended, { kind: 'hung-up' });
    });

    it('a server that stands still is a gap to its people, though nobody was cut', async () => {
      const server = await start();
      const talk = await join2(server);
      await hearEachOther(...talk);
      for (const participant of talk) participant.listenAnew();
      server.signal('SIGSTOP');
      await sleep(2_000);
      server.signal('SIGCONT');
      await hearEachOther(...talk);
      for (const participant of talk) {
        const { longestGapMs } = participant.heard();
        assert.ok(longestGapMs > 1_000, `a gap of ${longestGapMs} ms`);
        await participant.hangUp();
        assert.deepEqual(await participant.ended, { kind: 'hung-up' });
      }
    });

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      it(`ends at once and well by a first ${signal} when nobody is there`, async () => {
        const server = await start();
        const at = performance.now();
        server.signal(signal);
        const ended = await server.ended;
        assert.deepEqual([ended.code, ended.signal], [0, null], server.said);
        assert.ok(ended.at - at < EXIT_MS, `after ${ended.at - at} ms`);
      });
    }

    it('by the first signal it drains: calls go on, joiners are let in, and it ends when the last has left', async () => {
      const server = await start();
      const [ann, bob] = await join2(server);
      await hearEachOther(ann, bob);
      for (const participant of [ann, bob]) participant.listenAnew();
      server.signal('SIGQUIT');
      await sleep(LOOK_MS + 500);
      assert.ok(server.running, 'it has looked once, and somebody was there');
      assert.equal(
        (await fetch(`http://127.0.0.1:${server.signalPort}/`)).status,
        200,
        'healthy all the while',
      );
      const carol = await driver.join(server, 'talk', 'carol');
      const dan = await driver.join(server, 'a new room, without a registry', 'dan');
      await hearEachOther(ann, bob, carol);
      carol.listenAnew();
      assert.equal(await people(server), 4);
      for (const participant of [ann, bob, carol, dan]) await participant.hangUp();
      const at = performance.now();
      const ended = await server.ended;
      assert.deepEqual([ended.code, ended.signal], [0, null], server.said);
      assert.ok(ended.at - at < LOOK_MS + EXIT_MS, `after ${ended.at - at} ms`);
      for (const participant of [ann, bob, carol]) {
        assert.deepEqual(await participant.ended, { kind: 'hung-up' });
        assert.equal(participant.reconnects(), 0);
        assert.ok(
          participant.heard().longestGapMs < 2_000,
          `a gap of ${participant.heard().longestGapMs} ms`,
        );
      }
    });

    it('by the second signal, whichever it is, everybody is thrown out, and who is told a reason is told this one', async () => {
      const server = await start();
      const [ann, bob] = await join2(server);
      await hearEachOther(ann, bob);
      server.signal('SIGTERM');
      // Two signals in one breath are one to a process; the drain is under way once the server has said so.
      await eventually('it drains', () => server.said.includes('exit requested'), 10_000);
      const at = performance.now();
      server.signal('SIGINT');
      const ended = await server.ended;
      assert.deepEqual([ended.code, ended.signal], [0, null], server.said);
      assert.ok(ended.at - at < LOOK_MS, `after ${ended.at - at} ms`);
      // A real server ends without waiting for its goodbyes to arrive: now and then, more often on a busy machine, a client
      // is left without, and tries in vain to come back. Nobody hears anything else.
      const heard = new Map<Participant, string>();
      for (const participant of [ann, bob]) {
        void participant.ended.then(({ kind }) => heard.set(participant, kind));
      }
      const isOut = (participant: Participant) => heard.has(participant) || participant.reconnects() > 0;
      await eventually('everybody is out', () => isOut(ann) && isOut(bob), 10_000);
      for (const participant of [ann, bob]) {
        if (participant.reconnects() === 0) assert.equal(heard.get(participant), 'server-shutdown');
      }
    });

    it('a first signal in its first moments may be lost: it drains and stays; the next one ends it', async () => {
      const server = await start({ early: true });
      server.signal('SIGTERM');
      await Promise.race([server.ended, sleep(EXIT_MS)]);
      // On a busy machine the signal may come after those moments, and then it ends the server as any other time.
      if (server.running) {
        await sleep(LOOK_MS);
        assert.ok(server.running, 'what has not ended at once by that signal never will');
        server.signal('SIGTERM');
      }
      const ended = await server.ended;
      assert.deepEqual([ended.code, ended.signal], [0, null], server.said);
    });

    it('does not start without keys', async () => {
      const server = await start({ keys: '' });
      assert.equal((await server.ended).code, 0, 'not even a failed start is told by its exit code');
      assert.match(server.said, /one of key-file or keys must be provided/);
    });
  });
}

describe('LiveKit server: the twin alone', () => {
  it('killed, its calls are dropped without a word', async () => {
    const server = await MediaServer.start(await buildTwin());
    const driver = new TwinDriver();
    const ann = await driver.join(server, 'talk', 'ann');
    await server.kill();
    assert.deepEqual(await ann.ended, { kind: 'connection-lost' });
  });

  it('new rooms go to the serving node with the fewest, and nowhere when all of them drain', async () => {
    const file = await buildTwin();
    const [one, two] = [await MediaServer.start(file), await MediaServer.start(file)];
    const driver = new TwinDriver();
    try {
      const opened = [];
      for (const room of ['a', 'b', 'c', 'd']) opened.push(await driver.openRoom([one, two], room));
      assert.deepEqual(
        [opened.filter((node) => node === one).length, opened.filter((node) => node === two).length],
        [2, 2],
      );
      const [ann] = await Promise.all([driver.join(one, 'a', 'ann'), driver.join(two, 'b', 'bob')]);
      one.signal('SIGTERM');
      await eventually('one drains', () => one.said.includes('exit requested'), 10_000);
      assert.equal(await driver.openRoom([one, two], 'e'), two);
      two.signal('SIGTERM');
      await eventually('two drains', () => two.said.includes('exit requested'), 10_000);
      await assert.rejects(driver.openRoom([one, two], 'f'), /no node takes f: of 2 none is serving/);
      await ann.hangUp();
    } finally {
      await driver.close();
      await Promise.all([one.kill(), two.kill()]);
    }
  });
});
