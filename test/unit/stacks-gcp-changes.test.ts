import assert from 'node:assert/strict';
import { Provider } from '@pulumi/gcp/provider.js';
import { groupDescription } from '../../stacks/gcp/group.ts';
import { GcpPool } from '../../stacks/gcp/pool.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import { configValues, GOOD_GCP, optionsOfResources, type ProgramRun, settingsOf } from './stacks-mocks.ts';
import { GROUP, run } from './support/gcp-pool.ts';
import { promiseOf } from './support/program-run.ts';

describe('the GCP pool', () => {
  let made: ProgramRun;
  before(async () => {
    made = await run();
  });

  describe('on an update', () => {
    it('is another pool to Pulumi in another region or project: the sweep of the old one is asked', async () => {
      const identities = async (place: Record<string, string>) => {
        const { resources } = await run({}, { place });
        return resources.map(({ type, name }) => `${type} ${name}`);
      };
      const here = new Set(await identities({}));
      const elsewhere = await identities({ 'gcp:region': 'europe-west4' });
      const others = await identities({ 'gcp:project': 'other-project' });
      assert.deepEqual(
        [...elsewhere, ...others].filter((each) => here.has(each)),
        [],
      );
    });

    it('has what Google replaces a group for fixed for ever', () => {
      const { name, baseInstanceName, description } = made.one(GROUP).inputs;
      assert.deepEqual(
        { name, baseInstanceName, description },
        {
          name: 'ebbtide-media',
          baseInstanceName: 'ebbtide-media',
          description: 'Nodes of the Ebbtide pool media: the pruner alone takes machines out of it',
        },
      );
    });

    const templateOf = (of: ProgramRun) => promiseOf(of.outputs.template);

    it('makes another template for what new nodes are made of, and for nothing else', async () => {
      const now = await templateOf(made);
      const same = {
        pool: { name: 'media', min: 2, max: 9 },
        scaling: { target: 60 },
        mediaSecrets: { keys: { devkey: 't'.repeat(40) }, redis: '10.0.0.6:6379' },
      };
      assert.equal(await templateOf(await run(same)), now);
      const others: Record<string, unknown>[] = [
        { pool: { name: 'media', machineType: 'n2-standard-8' } },
        { pool: { name: 'media', diskGb: 40 } },
        { media: { ...Object(GOOD_GCP.media), capacity: 50 } },
        { gcp: { diskType: 'pd-ssd' } },
      ];
      for (const settings of others) assert.notEqual(await templateOf(await run(settings)), now);
    });

    it('leaves the size to the cloud, and keeps what nodes live by until the group is gone', async () => {
      const values = configValues(GOOD_GCP);
      const { settings } = readSettings({ values, isSecret: () => true }, createSettingsFiles('.'));
      const bundle = { code: 'x', sha256: 'a'.repeat(64) };
      const options = await optionsOfResources((given) => {
        new GcpPool(
          'media',
          {
            settings: settingsOf(settings, 'gcp'),
            zones: ['europe-west1-b'],
            software: softwareOf(bundle, settings),
            boot: bundle,
            pruner: bundle,
          },
          { ...given, provider: new Provider('gcp', { project: 'my-project', region: 'europe-west1' }) },
        );
      });
      assert.deepEqual(options.get(GROUP)?.ignoreChanges, ['targetSize']);
      // Else the provider would delete it with all its machines, to make it anew.
      assert.equal(options.get(GROUP)?.deleteBeforeReplace, false);
      const namesOf = (type: string) =>
        [options.get(type)?.dependsOn].flat().map((resource) => resource?.constructor.name);
      const lives = [
        'PoolNetwork',
        'NodeIdentity',
        'PoolBucket',
        'StoreRoles',
        'NodeSoftware',
        'MediaSecrets',
        'Pruner',
      ];
      assert.deepEqual(namesOf(GROUP), lives);
      assert.deepEqual(
        namesOf('pulumi-nodejs:dynamic/ebbtide:DestroySweep').sort(),
        [...lives, 'NodeTemplate', 'PoolAlerts', 'PoolGroup', 'PrunerSchedule'].sort(),
      );
      assert.ok(
        namesOf('ebbtide:gcp:PrunerSchedule').includes('PoolGroup'),
        'nobody is woken before there is a group',
      );
    });
  });

  describe('before anything is made', () => {
    const ZONES = 'gcp:compute/getZones:getZones';
    const SERVICE = 'gcp:projects/getProjectService:getProjectService';
    const EXISTING = 'gcp:compute/getRegionInstanceGroupManager:getRegionInstanceGroupManager';
    const refuses = (says: string) => () => {
      throw new Error(says);
    };

    const own =
      (...distributionPolicyZones: string[]) =>
      () => ({ description: groupDescription('media'), distributionPolicyZones });

    const rows: [string, Record<string, unknown>, Record<string, () => Record<string, unknown>>, RegExp][] = [
      [
        'a region that is not there',
        {},
        { [ZONES]: () => ({ names: [] }) },
        /gcp:region is "europe-west1": the project my-project has no zone there/,
      ],
      [
        'a region that cannot be asked for',
        {},
        { [ZONES]: refuses('permission denied') },
        /the zones of gcp:region, which is europe-west1, cannot be read in gcp:project my-project: permission denied/,
      ],
      [
        'a zone that is not there',
        { pool: { name: 'media', zones: ['europe-west1-b', 'europe-west1-x'] } },
        {},
        /ebbtide:pool\.zones names europe-west1-x: there are europe-west1-b, europe-west1-c,/,
      ],
      [
        "somebody else's group of that name",
        {},
        { [EXISTING]: () => ({ description: 'by hand', distributionPolicyZones: ['europe-west1-b'] }) },
        /ebbtide:pool\.name is "media": europe-west1 has a managed instance group ebbtide-media already/,
      ],
      [
        'other zones than those that the group has: Google would make another group, and end every call',
        { pool: { name: 'media', zones: ['europe-west1-b', 'europe-west1-c'] } },
        { [EXISTING]: own('europe-west1-b', 'europe-west1-d') },
        /pool\.zones names europe-west1-b, europe-west1-c, and the pool media is in europe-west1-b, europe-west1-d: another list of zones is another pool/,
      ],
      [
        'to guess whether there is a group',
        {},
        { [EXISTING]: refuses('permission denied') },
        /whether there is a group ebbtide-media in europe-west1 already, and in which zones, cannot be read: permission denied/,
      ],
      [
        'to guess which zones its group has',
        {},
        { [EXISTING]: own() },
        /in which zones the group ebbtide-media is, Google does not say/,
      ],
    ];
    for (const [what, settings, answers, error] of rows) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(run(settings, { preview: true, answers }), error);
      });
    }

    for (const [how, off] of [
      ['an error', refuses('my-project/run.googleapis.com not found')],
      ['nothing', () => ({})],
    ] as const) {
      it(`tells every API that is switched off, where Google's answer is ${how}`, async () => {
        const answers = {
          [SERVICE]: (inputs: Record<string, unknown>) =>
            /run|cloudscheduler/.test(String(inputs.service)) ? off() : { ...inputs },
        };
        await assert.rejects(
          run({}, { preview: true, answers }),
          /`gcloud services enable cloudscheduler\.googleapis\.com run\.googleapis\.com --project my-project`/,
        );
      });
    }

    it('goes on where it cannot be known which APIs are on', async () => {
      const blind = await run({}, { answers: { [SERVICE]: refuses('permission denied') } });
      blind.one(GROUP);
    });

    it('keeps the zones of its group, whatever zones there are meanwhile', async () => {
      for (const zones of [undefined, ['europe-west1-e', 'europe-west1-b']]) {
        const again = await run(
          { pool: { name: 'media', ...(zones === undefined ? {} : { zones }) } },
          {
            answers: {
              [EXISTING]: own('https://compute/zones/europe-west1-b', 'europe-west1-e'),
              [ZONES]: () => ({ names: ['europe-west1-c'] }),
            },
          },
        );
        assert.deepEqual(again.one(GROUP).inputs.distributionPolicyZones, [
          'europe-west1-b',
          'europe-west1-e',
        ]);
      }
    });
  });
});
