import assert from 'node:assert/strict';
import { connectGcp } from '../../cli/clouds/gcp.ts';
import type { Applied } from '../../lab/gcp/apply.ts';
import { poolAddress } from '../support/pool-address.ts';
import { applyPool, GROUP, PROJECT, REGION, startTwin, type TestTwin } from './support/gcp/twin.ts';
import { servingIn, until } from './support/quiet-run.ts';

describe('the machines of a pool, as its operator reads them on the twin GCP', () => {
  let applied: Applied;
  let world: TestTwin;

  before(async () => {
    const whole = await applyPool();
    applied = { ...whole, model: { ...whole.model, jobs: [] } };
  });
  beforeEach(async () => {
    world = await startTwin(applied, { factor: 120 });
    await until('one serves', () => servingIn(world.twin).length > 0);
  });
  afterEach(() => world?.twin.close());

  function machinesOf(group: string) {
    const address = { ...poolAddress('gcp'), project: PROJECT, region: REGION, group, bucket: world.bucket };
    const environment = {
      ...world.twin.environment(),
      GOOGLE_OAUTH_ACCESS_TOKEN: world.twin.operatorToken(),
    };
    return connectGcp(address, environment).machines(AbortSignal.timeout(10_000));
  }

  it('are those of its group', async () => {
    const nodes = (await machinesOf(GROUP)).map(({ node }) => node);
    assert.deepEqual(
      nodes.sort(),
      world.twin
        .machines()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('of a group that is not there are unknown, and not none', () =>
    assert.rejects(machinesOf('elsewhere'), /there is no instance group elsewhere in europe-west1/));
});
