import assert from 'node:assert/strict';
import type { Applied } from '../../lab/aws/apply.ts';
import { applySmallProgram, NODE_ROLE, startTwin, type TestTwin } from './support/aws/twin.ts';
import { until } from './support/quiet-run.ts';

describe('the metadata server of a twin instance', () => {
  let applied: Applied;
  let world: TestTwin;
  let base: string;
  let id: string;

  before(async () => {
    applied = await applySmallProgram({ min: 1, max: 2, initial: 1 });
  });

  beforeEach(async () => {
    world = await startTwin(applied, { credentialsMs: 60_000 });
    const [spec] = await until('there is a machine', () => {
      const specs = [...world.machines.values()].map((machine) => machine.spec);
      return specs.length > 0 && specs;
    });
    base = spec?.environment.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? '';
    id = spec?.instanceId ?? '';
  });

  afterEach(() => world.twin.close());

  async function token(ttl = '60'): Promise<string> {
    const response = await fetch(`${base}/latest/api/token`, {
      method: 'PUT',
      headers: { 'X-aws-ec2-metadata-token-ttl-seconds': ttl },
    });
    assert.equal(response.status, 200);
    return response.text();
  }

  async function read(
    path: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(`${base}/latest/meta-data/${path}`, {
      headers: headers ?? { 'X-aws-ec2-metadata-token': await token() },
    });
    return { status: response.status, text: await response.text() };
  }

  it('tells an instance who and where it is', async () => {
    const facts: [string, string][] = [
      ['instance-id', id],
      ['placement/availability-zone', 'eu-west-1a'],
      ['placement/region', 'eu-west-1'],
      ['local-ipv4', '127.0.0.1'],
      ['autoscaling/target-lifecycle-state', 'InService'],
      ['iam/security-credentials/', NODE_ROLE],
    ];
    for (const [path, expected] of facts) assert.deepEqual(await read(path), { status: 200, text: expected });
  });

  it('tells nothing without a token that is valid', async () => {
    assert.equal((await read('instance-id', {})).status, 401);
    assert.equal((await read('instance-id', { 'X-aws-ec2-metadata-token': 'guessed' })).status, 401);
    const brief = await token('1');
    assert.equal((await read('instance-id', { 'X-aws-ec2-metadata-token': brief })).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 1010));
    assert.equal((await read('instance-id', { 'X-aws-ec2-metadata-token': brief })).status, 401);
  });

  it('gives no token to who does not say for how long, or comes through a proxy', async () => {
    const tries: [Record<string, string>, number][] = [
      [{}, 400],
      [{ 'X-aws-ec2-metadata-token-ttl-seconds': '21601' }, 400],
      [{ 'X-aws-ec2-metadata-token-ttl-seconds': '60', 'X-Forwarded-For': '10.0.0.1' }, 403],
    ];
    for (const [headers, status] of tries) {
      assert.equal((await fetch(`${base}/latest/api/token`, { method: 'PUT', headers })).status, status);
    }
  });

  it('says Terminated once the instance is to go', async () => {
    world.twin.markUnhealthy(id);
    assert.equal((await read('autoscaling/target-lifecycle-state')).text, 'Terminated');
  });

  it('says nothing of notices until there are some', async () => {
    for (const path of ['spot/instance-action', 'events/recommendations/rebalance']) {
      assert.equal((await read(path)).status, 404);
    }
    world.twin.reclaimSpot(id);
    world.twin.recommendRebalance(id);
    const spot: unknown = JSON.parse((await read('spot/instance-action')).text);
    assert.ok(typeof spot === 'object' && spot !== null && 'action' in spot && 'time' in spot);
    assert.equal(spot.action, 'terminate');
    assert.ok(Date.parse(String(spot.time)) > Date.now());
    assert.match((await read('events/recommendations/rebalance')).text, /^\{"noticeTime":"[^"]+Z"\}$/);
  });

  it('shows the tags of the instance, as they are now', async () => {
    const path = 'tags/instance/ebbtide:protected';
    assert.equal((await read(path)).status, 404);
    world.twin.tag(id, 'ebbtide:protected', 'true');
    assert.equal((await read(path)).text, 'true');
    assert.equal((await read('tags/instance/ebbtide:pool')).text, 'media');
  });

  it('gives keys of the role that AWS takes', async () => {
    const { text } = await read(`iam/security-credentials/${NODE_ROLE}`);
    const keys: unknown = JSON.parse(text);
    assert.ok(typeof keys === 'object' && keys !== null && 'Expiration' in keys && 'Code' in keys);
    assert.equal(keys.Code, 'Success');
    assert.ok(Date.parse(String(keys.Expiration)) > Date.now());
  });

  it('can be told to fail', async () => {
    const headers = { 'X-aws-ec2-metadata-token': await token() };
    world.twin.faults.add({ service: 'imds', action: 'instance-id', times: 1, kind: 'error' });
    assert.equal((await read('instance-id', headers)).status, 503);
    assert.equal((await read('instance-id', headers)).status, 200);
  });
});
