import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { OrchestratorAnswer } from '../../functions/digitalocean/orchestrator/orchestrate.ts';
import { type HostedAction, hostAction } from '../support/hosted-action.ts';
import { OceanStandIn } from '../support/ocean-stand-in.ts';
import { orchestratorParameters, USER_DATA, USER_DATA_KEY } from '../support/orchestrator-parameters.ts';
import { type StandInServer, serveStandIn } from '../support/stand-in-server.ts';
import { statusOf } from './support/fleet.ts';

describe('the orchestrator, as DigitalOcean runs it', () => {
  let server: StandInServer | undefined;
  let hosted: HostedAction | undefined;
  afterEach(async () => {
    await hosted?.close();
    server?.close();
    hosted = undefined;
    server = undefined;
  });

  async function start(ocean: OceanStandIn): Promise<HostedAction> {
    const { url, close, port } = await serveStandIn((request) => ocean.answer(request));
    server = { url, close, port };
    hosted = await hostAction('orchestrator', { DIGITALOCEAN_API_URL: url, SPACES_ENDPOINT_URL: url });
    return hosted;
  }

  it('grows, decides and deletes, call after call, and plans on a dry run', async () => {
    const ocean = new OceanStandIn();
    ocean.put(USER_DATA_KEY, USER_DATA);
    for (const [index, name] of ['ebbtide-media-aaaaaaaa', 'ebbtide-media-bbbbbbbb'].entries()) {
      const { id } = ocean.addDroplet(name);
      ocean.say(statusOf(name, { machine: String(id), cpu: 0.1, work: { rooms: index } }));
    }
    const { call, output } = await start(ocean);
    const event = { ...orchestratorParameters({ lowForMs: 0, warmUpMs: 0 }), http: { method: 'POST' } };
    const ask = async (more: object = {}) => {
      const { answer } = await call({ ...event, ...more });
      assert.equal(answer.statusCode, 200, output());
      return answer.body as OrchestratorAnswer;
    };
    const [node] = ['ebbtide-media-aaaaaaaa'];
    assert.deepEqual((await ask({ dryRun: '1' })).decided, [node]);
    assert.deepEqual(ocean.keys('decisions/'), []);
    assert.deepEqual((await ask()).decided, [node]);
    const decision = ocean.read(`decisions/${node}.json`) as { id: string; machine: string };
    ocean.say({
      ...statusOf(node, { machine: decision.machine, phase: 'empty', cpu: 0, at: new Date().toISOString() }),
      decision: decision as never,
    });
    assert.deepEqual((await ask()).removed, [node]);
    assert.deepEqual((await ask({ ...orchestratorParameters({ min: 3 }) })).made.length, 2);
    assert.match(output(), /"event":"orchestrator","pool":"media","Nodes":2/);
  });

  it('answers with what is wrong where its parameters make no sense', async () => {
    const { call } = await start(new OceanStandIn());
    const { answer } = await call({ settings: '{}' });
    assert.equal(answer.statusCode, 500);
    assert.match(JSON.stringify(answer.body), /deploy the stack again/);
  });
});
