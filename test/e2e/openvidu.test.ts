import { join } from 'node:path';
import { TwinDriver } from '../../lab/media/twin-driver.ts';
import type { AgentRig } from '../support/agent-rig.ts';
import { type EngineUnderTest, startTwin } from '../support/engines.ts';
import { createOpenviduRig, drainOpenvidu } from '../support/openvidu-drain.ts';

describe('the agent bundle on an OpenVidu media node (twin engine, twin LiveKit)', () => {
  let under: EngineUnderTest | undefined;
  let rig: AgentRig | undefined;
  const driver = new TwinDriver();

  after(async () => {
    await driver.close();
    await rig?.close();
    await under?.close();
  });

  it('drains each container by one signal, waits for an upload, survives SIGKILL and a deaf engine', async () => {
    under = await startTwin();
    const node = await createOpenviduRig(under);
    rig = node.rig;
    await drainOpenvidu(under, node, driver, join(rig.folder, 'livekit-server'), '');
  });
});
