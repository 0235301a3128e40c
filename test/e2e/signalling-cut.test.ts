import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ports } from '../../lab/instance/ports.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import type { MediaNode } from '../../lab/media/driver.ts';
import { LiveKitDriver } from '../../lab/media/livekit-driver.ts';
import { RedisServer } from '../../lab/media/redis.ts';
import { SignalFront } from '../support/signal-front.ts';

const KEY = 'devkey';
const SECRET = 's'.repeat(40);
/** Media that was cut with its signalling would be silent for longer than a client takes to come back. */
const LONGEST_GAP_MS = 1_000;

describe('a balancer that cuts the signalling of a node that drains (livekit-server, redis-server)', () => {
  const ports = new Ports();
  const servers: ChildProcess[] = [];
  let front: SignalFront | undefined;
  let folder: string;
  let redis: RedisServer;
  let driver: LiveKitDriver;
  let program: string;

  before(async function () {
    const found = process.env.EBBTIDE_LIVEKIT_SERVER ?? findProgram('livekit-server');
    if (found === undefined || findProgram('redis-server') === undefined) return this.skip();
    program = found;
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-signalling-'));
    redis = await RedisServer.start(await ports.take());
    driver = new LiveKitDriver({ apiKey: KEY, apiSecret: SECRET, redis: redis.address });
  });
  after(async () => {
    await driver?.close();
    for (const server of servers) server.kill('SIGKILL');
    front?.cut();
    front?.close();
    await redis?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function startServer(
    id: string,
  ): Promise<{ node: MediaNode; server: ChildProcess; isOver(): boolean }> {
    const [signalPort, metricsPort, udpPort] = [await ports.take(), await ports.take(), await ports.take()];
    const file = join(folder, `${id}.yaml`);
    const config = {
      port: signalPort,
      bind_addresses: ['127.0.0.1'],
      keys: { [KEY]: SECRET },
      rtc: {
        node_ip: '127.0.0.1',
        use_external_ip: false,
        enable_loopback_candidate: true,
        udp_port: udpPort,
        tcp_port: 0,
        ips: { includes: ['127.0.0.1/32'] },
      },
      prometheus: { port: metricsPort },
      redis: { address: redis.address },
    };
    writeFileSync(file, JSON.stringify(config));
    const server = spawn(program, ['--config', file], { stdio: 'ignore' });
    servers.push(server);
    return {
      node: { id, host: '127.0.0.1', signalPort, metricsPort, takenAway: () => false },
      server,
      isOver: () => server.exitCode !== null,
    };
  }

  it('does not cut the call: people come back by another node, and hear each other all the time', async () => {
    const leaving = await startServer('leaving');
    const room = 'talk';
    await driver.openRoom([leaving.node], room);
    const staying = await startServer('staying');
    let target = leaving.node;
    front = await SignalFront.start(() => target);
    const balanced = front;
    const people = await Promise.all(['ada', 'bob'].map((who) => driver.join(balanced, room, who)));
    await sleep(5_000);
    for (const person of people) person.listenAnew();

    leaving.server.kill('SIGTERM');
    await sleep(2_000);
    target = staying.node;
    front.cut();
    await sleep(10_000);

    for (const person of people) {
      const { identity } = person;
      assert.ok(person.reconnects() >= 1, `${identity} did not notice the cut`);
      const { silentForMs, longestGapMs } = person.heard();
      assert.ok(silentForMs < LONGEST_GAP_MS, `${identity} has heard nothing for ${silentForMs} ms`);
      assert.ok(longestGapMs < LONGEST_GAP_MS, `${identity} had heard nothing for ${longestGapMs} ms`);
    }
    assert.equal(leaving.isOver(), false);
    const ends = people.map(({ ended }) => ended);
    await Promise.all(people.map((person) => person.hangUp()));
    assert.deepEqual(await Promise.all(ends), [{ kind: 'hung-up' }, { kind: 'hung-up' }]);
    for (let waited = 0; waited < 15_000 && !leaving.isOver(); waited += 500) await sleep(500);
    assert.equal(leaving.isOver(), true, 'the node that drains ends by itself');
  });
});
