import { dirname } from 'node:path';
import { Ports } from '../../lab/instance/ports.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { LiveKitDriver } from '../../lab/media/livekit-driver.ts';
import { RedisServer } from '../../lab/media/redis.ts';
import { API_KEY, API_SECRET } from '../contract/media-server.ts';
import type { AgentRig } from '../support/agent-rig.ts';
import { type EngineUnderTest, podmanIsMissing, startPodman } from '../support/engines.ts';
import { createOpenviduRig, drainOpenvidu } from '../support/openvidu-drain.ts';

const livekitServer = process.env.EBBTIDE_LIVEKIT_SERVER ?? findProgram('livekit-server');

function whatIsMissing(): string | undefined {
  const missing = podmanIsMissing();
  if (missing !== undefined) return missing;
  if (livekitServer === undefined) return 'livekit-server not installed; see .ci/livekit.sh';
  return findProgram('redis-server') === undefined ? 'redis-server not installed' : undefined;
}

const missing = whatIsMissing();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

describe(`the agent bundle on a real OpenVidu media node: podman, the real LiveKit in a container, a WebRTC client${skipped}`, () => {
  let under: EngineUnderTest | undefined;
  let rig: AgentRig | undefined;
  let redis: RedisServer | undefined;
  let driver: LiveKitDriver | undefined;

  after(async () => {
    await driver?.close();
    await rig?.close();
    await under?.close();
    await redis?.stop();
  });

  it('drains each container by one signal, waits for an upload, survives SIGKILL', async function () {
    if (missing !== undefined || livekitServer === undefined) return this.skip();
    under = await startPodman([dirname(livekitServer)]);
    redis = await RedisServer.start(await new Ports().take());
    driver = new LiveKitDriver({ apiKey: API_KEY, apiSecret: API_SECRET, redis: redis.address });
    const node = await createOpenviduRig(under);
    rig = node.rig;
    await drainOpenvidu(under, node, driver, livekitServer, `redis: { address: "${redis.address}" }\n`);
  });
});
