import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createLivingOcean } from '../../lab/digitalocean/living.ts';
import type { OceanTwin } from '../../lab/digitalocean/ocean-twin.ts';
import { OCEAN_RULES } from '../../lab/digitalocean/type-rules.ts';
import { diffInputs } from '../../lab/pulumi/provider/plan.ts';
import { NO_RULES } from '../../lab/pulumi/provider/type-rules.ts';

const VPC = 'digitalocean:index/vpc:Vpc';
const BUCKET = 'digitalocean:index/spacesBucket:SpacesBucket';
const PLACE = { region: 'fra1', spacesRegion: 'fra1', endpoint: 'http://127.0.0.1:1' };
const MINUTES = 10 * 60_000;

/** A droplet in a VPC that is there, one that is gone in another, and a bucket with something in it. */
const THERE = {
  droplets: () => [
    { spec: { vpc: 'lived-in' }, isGone: false },
    { spec: { vpc: 'left' }, isGone: true },
  ],
  keys: (bucket: string) => (bucket === 'full' ? ['statuses/a.json'] : []),
} as unknown as OceanTwin;

describe("what DigitalOcean's provider does, as the twin has it", () => {
  const { lives } = createLivingOcean(THERE, PLACE);
  const end = (type: string, id: string, inputs = {}) =>
    lives[type]?.end?.({ id, inputs, outputs: {} }, MINUTES);

  it('deletes no VPC that has members', async () => {
    await assert.rejects(async () => end(VPC, 'lived-in'), /403 Can not delete VPC with members/);
    await end(VPC, 'left');
  });

  it('deletes no bucket with something in it, unless it is told to', async () => {
    await assert.rejects(async () => end(BUCKET, 'full'), /BucketNotEmpty: full is not empty/);
    await end(BUCKET, 'full', { forceDestroy: true });
    await end(BUCKET, 'empty');
  });

  for (const [type, member, value] of [
    [VPC, 'ipRange', '10.88.0.0/16'],
    [VPC, 'region', 'ams3'],
    [BUCKET, 'region', 'ams3'],
  ] as const) {
    it(`deletes ${type.split(':').at(-1)} first where its ${member} changes: its name is taken`, () => {
      const there = { name: 'ebbtide-media', region: 'fra1', ipRange: '10.87.0.0/16' };
      const { replaces, deleteBeforeReplace } = diffInputs(OCEAN_RULES[type] ?? NO_RULES, there, {
        ...there,
        [member]: value,
      });
      assert.deepEqual([replaces, deleteBeforeReplace], [[member], true]);
    });
  }
});
