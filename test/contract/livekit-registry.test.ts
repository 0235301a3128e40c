import * as assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { Ports } from '../../lab/instance/ports.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { LiveKitDriver } from '../../lab/media/livekit-driver.ts';
import { RedisServer } from '../../lab/media/redis.ts';
import { createLivekit } from '../../node-agent/media/livekit.ts';
import type { MediaServer as MediaPort } from '../../node-agent/media/media.ts';
import { API_KEY, API_SECRET, eventually, MediaServer } from './media-server.ts';

describe("the agent's question to LiveKit's own registry (real livekit-server and redis-server)", () => {
  let folder: string;
  let redis: RedisServer;
  let server: MediaServer;
  let driver: LiveKitDriver;
  let livekit: MediaPort;

  before(async function () {
    const program = process.env.EBBTIDE_LIVEKIT_SERVER ?? findProgram('livekit-server');
    if (program === undefined || findProgram('redis-server') === undefined) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-registry-'));
    redis = await RedisServer.start(await new Ports().take());
    const keys = `keys: { ${API_KEY}: ${API_SECRET} }\nredis: { address: "${redis.address}" }`;
    server = await MediaServer.start(program, { keys });
    driver = new LiveKitDriver({ apiKey: API_KEY, apiSecret: API_SECRET, redis: redis.address });
    const redisFile = join(folder, 'redis.json');
    await writeFile(redisFile, JSON.stringify({ address: redis.address }));
    const metricsUrl = `http://127.0.0.1:${server.metricsPort}/metrics`;
    livekit = createLivekit({ metricsUrl, redisFile, timeoutMs: 5_000, now: Date.now });
  });

  after(async () => {
    await driver?.close();
    await server?.kill();
    await redis?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it('serving is told freshly; after the signal it says shutting down; without Redis it is unknown', async () => {
    await eventually(
      'it is in the registry',
      async () => (await livekit.readDrain()).kind === 'serving',
      10_000,
    );
    const reading = await livekit.readDrain();
    assert.ok(reading.kind === 'serving' && reading.ageMs < 5_000, JSON.stringify(reading));
    const person = await driver.join(server, 'talk', 'ann');
    server.signal('SIGTERM');
    await eventually('it says so', async () => (await livekit.readDrain()).kind === 'shutting-down', 10_000);
    assert.ok(server.running, 'somebody is on');
    await redis.stop();
    assert.equal((await livekit.readDrain()).kind, 'unknown');
    await person.hangUp();
  });
});
