import type { OceanTwin } from '../../lab/digitalocean/ocean-twin.ts';
import { oceanPerson } from '../support/fleet-person.ts';
import { applyPool, startTwin } from './support/digitalocean/twin.ts';
import { servingIn, until } from './support/quiet-run.ts';
import { holdRights, type Less, withoutEach } from './support/rights/hold.ts';

interface Rights {
  token: { scopes: string[] };
  spacesKey: { name: string; grants: { bucket: string; permission: 'read' | 'readwrite' }[] };
}

holdRights<OceanTwin>({
  cloud: 'digitalocean',
  async start() {
    const { model, outputs } = await applyPool();
    const { twin } = await startTwin(model, { factor: 120, cpu: () => 42 });
    // It makes the droplets that are asked for; then nobody but the test decides.
    void until('all are there', () => servingIn(twin).length === 3, 30_000).then(
      () => twin.silenceScheduler(true),
      () => undefined,
    );
    return { twin, address: outputs.address };
  },
  person: oceanPerson,
  bucketOf(address, key) {
    if (address.cloud !== 'digitalocean') return '';
    if (key.startsWith('memory/')) return address.buckets.memory;
    return key.startsWith('statuses/') ? address.buckets.statuses : address.buckets.code;
  },
  machineOf: (twin, node) => String(twin.droplets().find(({ name }) => name === node)?.id ?? ''),
  lessOf({ text, steps }): Less[] {
    const rights: Rights = JSON.parse(text);
    const { token, spacesKey } = rights;
    const less = (without: string, told: string, left: Partial<Rights>): Less => ({
      without,
      told,
      policy: { text: JSON.stringify({ ...rights, ...left }), steps },
    });
    const onBucket = (bucket: string) => `on the bucket ${bucket} of the Spaces key`;
    return [
      ...withoutEach(token.scopes, (scope, scopes) =>
        less(scope, `the scope ${scope} of the API token`, { token: { scopes } }),
      ),
      ...withoutEach(spacesKey.grants, ({ bucket }, grants) =>
        less(bucket, `the grant read ${onBucket(bucket)}`, { spacesKey: { ...spacesKey, grants } }),
      ),
      ...spacesKey.grants.flatMap((grant, index) => {
        if (grant.permission === 'read') return [];
        const grants = spacesKey.grants.toSpliced(index, 1, { ...grant, permission: 'read' });
        const told = `the grant readwrite ${onBucket(grant.bucket)}`;
        return [less(`writing ${grant.bucket}`, told, { spacesKey: { ...spacesKey, grants } })];
      }),
    ];
  },
});
