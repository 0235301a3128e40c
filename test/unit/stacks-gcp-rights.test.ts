import assert from 'node:assert/strict';
import type { ProgramRun } from './stacks-mocks.ts';
import { ACCOUNT, MEMBERS, NAMES, ROLE, rightsOf, run, under } from './support/gcp-pool.ts';

describe('the GCP pool', () => {
  let made: ProgramRun;
  before(async () => {
    made = await run();
  });

  describe('rights', () => {
    it('of a node: its status, decisions, software, its secrets, and to wake the pruner; of machines none', () => {
      assert.deepEqual(rightsOf(made, 'media.my-project.europe-west1-node'), [
        [NAMES.bucket, 'storage.objects.create,storage.objects.delete', under('statuses')],
        [NAMES.bucket, 'storage.objects.get', under('decisions', 'software')],
        [NAMES.bucket, 'storage.objects.list', ''],
        ['ebbtide-media-pruner', 'roles/run.invoker', ''],
        ['media.my-project.europe-west1-secrets-keys-id', 'roles/secretmanager.secretAccessor', ''],
        ['media.my-project.europe-west1-secrets-redis-id', 'roles/secretmanager.secretAccessor', ''],
      ]);
    });

    it('of the pruner: to see, to abandon, to end machines of the pool; statuses, decisions and its memory', () => {
      assert.deepEqual(rightsOf(made, 'media.my-project.europe-west1-pruner-identity'), [
        [NAMES.bucket, 'storage.objects.create,storage.objects.delete', under('decisions', 'memory')],
        [NAMES.bucket, 'storage.objects.get', under('statuses', 'decisions', 'memory')],
        [NAMES.bucket, 'storage.objects.list', ''],
        [
          'my-project',
          'compute.autoscalers.get,compute.instanceGroupManagers.get,compute.instances.list,' +
            'compute.regionOperations.get,compute.zoneOperations.get',
          '',
        ],
        ['my-project', 'compute.instanceGroupManagers.update', ''],
        [
          'my-project',
          'compute.instances.delete,compute.instances.setLabels',
          'resource.name.extract("/instances/{name}").startsWith("ebbtide-media-") && ' +
            'resource.name.extract("/instances/ebbtide-media-{more}-") == ""',
        ],
      ]);
    });

    it('of the schedule: to wake the pruner; of what builds it: its image, its log, its source', () => {
      assert.deepEqual(rightsOf(made, 'media.my-project.europe-west1-pruner-schedule'), [
        ['ebbtide-media-pruner', 'roles/run.invoker', ''],
      ]);
      assert.deepEqual(rightsOf(made, 'media.my-project.europe-west1-pruner-build'), [
        ['media.my-project.europe-west1-pruner-build-images', 'roles/artifactregistry.writer', ''],
        ['my-project', 'roles/logging.logWriter', ''],
        [
          'my-project',
          'roles/storage.objectViewer',
          'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-") && ' +
            '(resource.name.extract("/objects/{name}/") == "" || ' +
            'resource.name.extract("/objects/{name}/") == "ebbtide-media-pruner")',
        ],
      ]);
    });

    it('are of roles whose ids are new for each pool that is made: Google keeps a deleted one for weeks', async () => {
      const idsOf = (of: ProgramRun) =>
        of.resources.filter(({ type }) => type === ROLE).map(({ inputs }) => String(inputs.roleId));
      const ids = idsOf(made);
      assert.equal(new Set(ids).size, 6);
      for (const id of ids) assert.match(id, /^ebbtide_media_\w+_europe_west1_[0-9a-f]{8}$/);
      assert.deepEqual(idsOf(await run({ onDestroy: 'cut' })), ids, 'an update keeps them');
      const again = idsOf(await run({}, { bucketMade: '2026-02-03T00:00:00.000Z' }));
      assert.deepEqual(
        again.filter((id) => ids.includes(id)),
        [],
      );
    });

    it('are given to nobody but these four, and to nobody that is not an account of the pool', () => {
      const accounts = made.resources.filter(({ type }) => type === ACCOUNT);
      assert.deepEqual(accounts.map(({ name }) => name).sort(), [
        'media.my-project.europe-west1-node',
        'media.my-project.europe-west1-pruner-build',
        'media.my-project.europe-west1-pruner-identity',
        'media.my-project.europe-west1-pruner-schedule',
      ]);
      const members = accounts.map(
        ({ inputs }) => `serviceAccount:${inputs.accountId}@my-project.iam.gserviceaccount.com`,
      );
      const given = made.resources.filter(({ type }) => /Iam|IAM/.test(type) && type !== ROLE);
      assert.ok(
        given.every(({ type }) => MEMBERS.includes(type)),
        'a policy or binding takes rights from others',
      );
      assert.deepEqual(
        given.filter(({ inputs }) => !members.includes(String(inputs.member))),
        [],
      );
    });
  });
});
