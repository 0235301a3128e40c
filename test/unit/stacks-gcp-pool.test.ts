import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider } from '@pulumi/gcp/provider.js';
import * as v from 'valibot';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { prunerSettingsSchema } from '../../fleet/gcp-function-settings.ts';
import { poolAddressSchema } from '../../fleet/pool-address.ts';
import { groupDescription } from '../../stacks/gcp/group.ts';
import { defaultDiskType, defaultImage } from '../../stacks/gcp/machine.ts';
import { gcpNames } from '../../stacks/gcp/names.ts';
import { GcpPool } from '../../stacks/gcp/pool.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import {
  configValues,
  GOOD_GCP,
  optionsOfResources,
  type ProgramRun,
  runUnderMocks,
  settingsOf,
} from './stacks-mocks.ts';
import { namesIn, promiseOf, strays, toldBy } from './support/program-run.ts';

const PROJECT_MEMBER = 'gcp:projects/iAMMember:IAMMember';
const BUCKET_MEMBER = 'gcp:storage/bucketIAMMember:BucketIAMMember';
const SECRET_MEMBER = 'gcp:secretmanager/secretIamMember:SecretIamMember';
const SERVICE_MEMBER = 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember';
const IMAGES_MEMBER = 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember';
const MEMBERS = [PROJECT_MEMBER, BUCKET_MEMBER, SECRET_MEMBER, SERVICE_MEMBER, IMAGES_MEMBER];
const ROLE = 'gcp:projects/iAMCustomRole:IAMCustomRole';
const ACCOUNT = 'gcp:serviceaccount/account:Account';
const GROUP = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';
const AUTOSCALER = 'gcp:compute/regionAutoscaler:RegionAutoscaler';
const TEMPLATE = 'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate';
const FIREWALL = 'gcp:compute/firewall:Firewall';
const FUNCTION = 'gcp:cloudfunctionsv2/function:Function';
const ALERT = 'gcp:monitoring/alertPolicy:AlertPolicy';
const NAMES = gcpNames('media', { project: 'my-project', region: 'europe-west1' });

const run = (settings: Record<string, unknown> = {}, options: Parameters<typeof runUnderMocks>[0] = {}) =>
  runUnderMocks({ ...options, settings: { ...GOOD_GCP, ...settings } });

/** What the account of that resource may do: on what, which permissions or Google's own role, under which condition. */
function rightsOf(of: ProgramRun, account: string): [string, string, string][] {
  const { accountId } = of.one(ACCOUNT, account).inputs;
  const member = `serviceAccount:${accountId}@my-project.iam.gserviceaccount.com`;
  const roles = of.resources.filter(({ type }) => type === ROLE);
  return of.resources
    .filter(({ type, inputs }) => MEMBERS.includes(type) && inputs.member === member)
    .map(({ inputs }): [string, string, string] => {
      const on = inputs.bucket ?? inputs.secretId ?? inputs.name ?? inputs.repository ?? inputs.project;
      const role = roles.find(
        ({ inputs: { roleId } }) => inputs.role === `projects/my-project/roles/${roleId}`,
      );
      const permissions =
        role === undefined ? inputs.role : v.parse(v.array(v.string()), role.inputs.permissions);
      return [String(on), String(permissions), String(Object(inputs.condition).expression ?? '')];
    })
    .sort(([a, b], [c, d]) => (a + b < c + d ? -1 : 1));
}

const under = (...prefixes: string[]) =>
  prefixes
    .map((prefix) => `resource.name.startsWith("projects/_/buckets/${NAMES.bucket}/objects/${prefix}/")`)
    .join(' || ');

describe('the GCP pool', () => {
  let made: ProgramRun;
  before(async () => {
    made = await run();
  });

  it('makes everything with the one explicit provider, which labels it', () => {
    const { inputs } = made.one('pulumi:providers:gcp');
    assert.deepEqual(inputs, {
      project: 'my-project',
      region: 'europe-west1',
      defaultLabels: '{"ebbtide-pool":"media"}',
    });
    assert.deepEqual(strays(made, 'gcp', 'gcp::gcp.my-project.europe-west1'), []);
  });

  it('registers the same at preview, when nothing is known yet', async () => {
    const preview = await run({}, { preview: true });
    assert.deepEqual(namesIn(preview), namesIn(made));
  });

  it('tells where its things are', async () => {
    const { address, ...told } = await toldBy(made);
    const known = v.parse(poolAddressSchema, address);
    assert.equal(known.cloud, 'gcp');
    assert.equal(known.template, told.template);
    assert.match(String(told.template), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      template: told.template,
      cloud: 'gcp',
      pool: 'media',
      group: 'ebbtide-media',
      registry: NAMES.bucket,
      network: 'media.my-project.europe-west1-network-id',
      securityGroup: `${NAMES.nodeAccount}@my-project.iam.gserviceaccount.com`,
      metrics: 'logging.googleapis.com/user/ebbtide-media-',
    });
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

  it('keeps its bucket private, and free of old statuses and of every version of them', () => {
    assert.deepEqual(made.one('gcp:storage/bucket:Bucket').inputs, {
      name: NAMES.bucket,
      location: 'EUROPE-WEST1',
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      forceDestroy: true,
      softDeletePolicy: { retentionDurationSeconds: 0 },
      lifecycleRules: [
        { action: { type: 'Delete' }, condition: { age: 7, matchesPrefixes: ['statuses/'] } },
        { action: { type: 'Delete' }, condition: { age: 30, matchesPrefixes: ['decisions/'] } },
      ],
    });
  });

  it('keeps secrets secret, in its own region', () => {
    const versions = made.resources.filter(
      ({ type }) => type === 'gcp:secretmanager/secretVersion:SecretVersion',
    );
    assert.deepEqual(
      versions.map(({ inputs, secrets }) => [inputs.secretData, secrets]),
      [
        [`{"devkey":"${'s'.repeat(32)}"}`, ['secretData']],
        ['{"address":"10.0.0.5:6379"}', ['secretData']],
      ],
    );
    const ids = made.resources.filter(({ type }) => type === 'gcp:secretmanager/secret:Secret');
    assert.deepEqual(
      ids.map(({ inputs }) => inputs),
      ['keys', 'redis'].map((what) => ({
        secretId: `ebbtide-media-${what}-europe-west1`,
        replication: { userManaged: { replicas: [{ location: 'europe-west1' }] } },
      })),
    );
    const others = made.resources.filter((resource) => !versions.includes(resource));
    assert.doesNotMatch(JSON.stringify(others), /ssssssss|10\.0\.0\.5/);
  });

  it('makes nodes that nobody can log in to, whose machine is shielded, and whose disk goes with them', () => {
    const { metadata, ...inputs } = made.one(TEMPLATE).inputs;
    const { 'startup-script': script, ...flags } = Object(metadata);
    assert.match(script, /^#!\/bin\/bash\n/);
    assert.deepEqual(flags, { 'enable-oslogin': 'TRUE', 'block-project-ssh-keys': 'TRUE' });
    assert.deepEqual(inputs, {
      namePrefix: 'ebbtide-media-',
      region: 'europe-west1',
      description: 'Nodes of the pool media',
      machineType: 'n2-standard-4',
      labels: { 'ebbtide-pool': 'media' },
      disks: [
        {
          boot: true,
          autoDelete: true,
          sourceImage: 'projects/debian-cloud/global/images/debian-13-v20260101',
          diskSizeGb: 20,
          diskType: 'pd-balanced',
          labels: { 'ebbtide-pool': 'media' },
        },
      ],
      networkInterfaces: [
        {
          subnetwork: 'media.my-project.europe-west1-network-subnet-id',
          accessConfigs: [{ networkTier: 'PREMIUM' }],
        },
      ],
      serviceAccount: {
        email: `${NAMES.nodeAccount}@my-project.iam.gserviceaccount.com`,
        scopes: ['https://www.googleapis.com/auth/cloud-platform'],
      },
      shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true },
    });
  });

  it('opens media and signalling to its own nodes alone, and nothing else', async () => {
    const rules = (of: ProgramRun) =>
      of.resources
        .filter(({ type }) => type === FIREWALL)
        .map(({ inputs }) => [inputs.name, inputs.allows, inputs.sourceRanges, inputs.targetServiceAccounts]);
    const nodes = [`${NAMES.nodeAccount}@my-project.iam.gserviceaccount.com`];
    const signal = [
      'ebbtide-media-signal-europe-west1',
      [{ protocol: 'tcp', ports: ['7880'] }],
      ['0.0.0.0/0'],
      nodes,
    ];
    const media = [
      'ebbtide-media-media-europe-west1',
      [
        { protocol: 'tcp', ports: ['7881'] },
        { protocol: 'udp', ports: ['7882'] },
      ],
      ['0.0.0.0/0'],
      nodes,
    ];
    assert.deepEqual(rules(made), [signal, media]);
    // Without ranges, Google takes a rule for one from everywhere.
    const narrow = await run({ network: { signalFrom: [], mediaFrom: [], healthFrom: ['10.0.0.0/8'] } });
    assert.deepEqual(rules(narrow), [
      ['ebbtide-media-health-europe-west1', [{ protocol: 'tcp', ports: ['9876'] }], ['10.0.0.0/8'], nodes],
    ]);
  });

  it('makes a group that nothing takes a running machine out of', () => {
    const { versions, ...inputs } = made.one(GROUP).inputs;
    assert.deepEqual(versions, [
      { instanceTemplate: 'projects/my-project/regions/europe-west1/instanceTemplates/ebbtide-media-1' },
    ]);
    // No size, which would be one to shrink to; no health check, which would end machines with calls.
    assert.deepEqual(inputs, {
      name: 'ebbtide-media',
      region: 'europe-west1',
      description: 'Nodes of the Ebbtide pool media: the pruner alone takes machines out of it',
      baseInstanceName: 'ebbtide-media',
      distributionPolicyZones: ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'],
      distributionPolicyTargetShape: 'BALANCED',
      updatePolicy: { type: 'OPPORTUNISTIC', minimalAction: 'REPLACE', instanceRedistributionType: 'NONE' },
      instanceLifecyclePolicy: {
        defaultActionOnFailure: 'REPAIR',
        onFailedHealthCheck: 'DO_NOTHING',
        forceUpdateOnRepair: 'YES',
      },
      listManagedInstancesResults: 'PAGINATED',
      waitForInstances: false,
    });
    assert.deepEqual(made.one(AUTOSCALER).inputs, {
      name: 'ebbtide-media',
      region: 'europe-west1',
      target: 'projects/my-project/regions/europe-west1/instanceGroupManagers/ebbtide-media',
      autoscalingPolicy: {
        mode: 'ONLY_SCALE_OUT',
        cpuUtilization: { target: 0.5 },
        minReplicas: 1,
        maxReplicas: 3,
        cooldownPeriod: 120,
      },
    });
  });

  it('makes one pruner, built and run by accounts of its own, from a source that is pinned', () => {
    const { buildConfig, serviceConfig, ...inputs } = made.one(FUNCTION).inputs;
    assert.deepEqual(inputs, {
      name: 'ebbtide-media-pruner',
      location: 'europe-west1',
      description: 'Takes machines out of the group ebbtide-media',
    });
    const email = (account: string) => `${account}@my-project.iam.gserviceaccount.com`;
    assert.deepEqual(buildConfig, {
      runtime: 'nodejs22',
      entryPoint: 'prune',
      serviceAccount: `projects/my-project/serviceAccounts/${email(NAMES.builderAccount)}`,
      dockerRepository: 'media.my-project.europe-west1-pruner-build-images-id',
      source: {
        storageSource: {
          bucket: NAMES.bucket,
          object: 'functions/pruner-dddddddddddddddd.zip',
          generation: 17,
        },
      },
    });
    const { environmentVariables, ...service } = Object(serviceConfig);
    assert.deepEqual(service, {
      serviceAccountEmail: email(NAMES.prunerAccount),
      maxInstanceCount: 1,
      maxInstanceRequestConcurrency: 80,
      availableCpu: '1',
      availableMemory: '256Mi',
      timeoutSeconds: 210,
      ingressSettings: 'ALLOW_ALL',
    });
    const { currentTemplate, ...told } = v.parse(
      prunerSettingsSchema,
      JSON.parse(environmentVariables.EBBTIDE_SETTINGS),
    );
    assert.match(String(currentTemplate), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      pool: 'media',
      project: 'my-project',
      region: 'europe-west1',
      group: 'ebbtide-media',
      autoscaler: 'ebbtide-media',
      bucket: NAMES.bucket,
      minServing: 1,
      maxDrains: 3,
      coolDownMs: 60_000,
      warmUpMs: 120_000,
      lowForMs: 120_000,
      warnAfterMs: 14_400_000,
    });
  });

  it('wakes the pruner each minute, as somebody whom it knows', () => {
    const url = 'https://ebbtide-media-pruner.a.run.app';
    assert.deepEqual(made.one('gcp:cloudscheduler/job:Job').inputs, {
      name: 'ebbtide-media-pruner',
      region: 'europe-west1',
      description: 'Wakes the function ebbtide-media-pruner',
      schedule: '* * * * *',
      timeZone: 'Etc/UTC',
      attemptDeadline: '210s',
      retryConfig: { retryCount: 0 },
      httpTarget: {
        httpMethod: 'POST',
        uri: url,
        oidcToken: {
          serviceAccountEmail: `${NAMES.schedulerAccount}@my-project.iam.gserviceaccount.com`,
          audience: url,
        },
      },
    });
  });

  it('raises an alert for whatever an operator must hear of', async () => {
    const channel = 'projects/my-project/notificationChannels/7';
    const alerted = await run({ alarms: { notify: [channel, 'on-call@example.org'] } });
    const alerts = alerted.resources.filter(({ type }) => type === ALERT);
    const lines = alerted.resources.filter(({ type }) => type === 'gcp:logging/metric:Metric');
    const log =
      'resource.type="cloud_run_revision" AND resource.labels.service_name="ebbtide-media-pruner" AND ';
    const filters = lines.map(({ inputs }) => [inputs.name, String(inputs.filter).replace(log, '')]);
    const name = (what: string) => `ebbtide-media-${what}-europe-west1`;
    assert.deepEqual(
      filters.sort(),
      [
        [name('stale'), 'jsonPayload.event="pruner" AND jsonPayload.StaleNodes>=1'],
        [
          name('unknown'),
          'jsonPayload.event=("found-announced-unknown" OR "found-decision-unknown" OR "found-unknown")',
        ],
        [name('overdue'), 'jsonPayload.event="pruner" AND jsonPayload.OverdueDrains>=1'],
        [name('ceiling'), 'jsonPayload.event=("found-node-ceiling-reached")'],
        [name('calls-cut'), 'jsonPayload.event=("found-node-calls-cut")'],
        [name('calls-lost'), 'jsonPayload.event=("found-calls-lost" OR "found-node-calls-lost")'],
        [name('refused'), 'jsonPayload.event=("found-scale-in-refused")'],
        [name('stuck'), 'jsonPayload.event=("found-empty-kept" OR "found-not-deleted" OR "found-unheard")'],
        [name('alarming'), 'jsonPayload.event="pruner" AND jsonPayload.AlarmingNodes>=1'],
        [name('retained'), 'jsonPayload.event="pruner" AND jsonPayload.RetainedNodes>=1'],
        [
          name('cramped'),
          'jsonPayload.event=("found-account-unknown" OR "found-cannot-grow" OR "found-recommendation-unknown")',
        ],
        [name('pruner-fails'), 'jsonPayload.level="error"'],
        [name('pruner-silent'), 'jsonPayload.event="pruner"'],
      ].sort(),
    );
    const conditions = alerts.map(({ inputs }) => {
      assert.deepEqual(inputs.notificationChannels, [
        channel,
        'media.my-project.europe-west1-alerts-to-on-call@example.org-id',
      ]);
      const [{ conditionPrometheusQueryLanguage: condition }] = Object(inputs.conditions);
      const { query, duration, evaluationInterval, disableMetricValidation } = condition;
      assert.deepEqual([evaluationInterval, disableMetricValidation], ['60s', true]);
      return [query, duration];
    });
    const [apart] = lines.flatMap(({ inputs }) => (inputs.labelExtractors === undefined ? [] : [inputs]));
    assert.equal(apart?.name, name('unknown'), 'why it is unknown is told with it');
    assert.deepEqual(apart.labelExtractors, { reason: 'EXTRACT(jsonPayload.reason)' });
    assert.deepEqual(Object(apart.metricDescriptor).labels, [{ key: 'reason', valueType: 'STRING' }]);
    const count = (what: string, by = '') =>
      `sum${by}(increase({"logging.googleapis.com/user/${name(what)}", monitored_resource="cloud_run_revision"}[2m]))`;
    assert.deepEqual(
      conditions.sort(),
      [
        [`(${count('pruner-silent')} or vector(0)) < 0.5`, '240s'],
        [`${count('alarming')} > 0`, '120s'],
        [`${count('calls-cut')} > 0`, '60s'],
        [`${count('calls-lost')} > 0`, '60s'],
        [`${count('ceiling')} > 0`, '60s'],
        [`${count('cramped')} > 0`, '120s'],
        [`${count('overdue')} > 0`, '60s'],
        [`${count('pruner-fails')} > 0`, '120s'],
        [`${count('refused')} > 0`, '1740s'],
        [`${count('retained')} > 0`, '240s'],
        [`${count('stale')} > 0`, '120s'],
        [`${count('stuck')} > 0`, '120s'],
        [`${count('unknown', ' by (reason) ')} > 0`, '240s'],
      ].sort(),
    );
  });

  it('leaves with its sweep what a destroy without the program must know', () => {
    const { __provider, ...state } = made.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep').inputs;
    assert.equal(made.resources.at(-1)?.type, 'pulumi-nodejs:dynamic/ebbtide:DestroySweep', 'made last');
    assert.deepEqual(state, {
      code: 'gcp/run-sweep.ts',
      pool: 'media',
      group: 'ebbtide-media',
      autoscaler: 'ebbtide-media',
      bucket: NAMES.bucket,
      project: 'my-project',
      region: 'europe-west1',
    });
  });

  describe('by its settings', () => {
    it("scales on CPU, or not at all: then its size is the operator's", async () => {
      const still = await run({
        pool: { name: 'media', min: 1, max: 3, initial: 2 },
        scaling: { kind: 'none' },
      });
      assert.equal(still.one(GROUP).inputs.targetSize, 2);
      assert.deepEqual(Object(still.one(AUTOSCALER).inputs.autoscalingPolicy).mode, 'OFF');
    });

    it('lives in a network that exists, and protects its nodes there', async () => {
      const network = { id: 'default', subnets: ['media-eu'] };
      const there = await run({ network });
      assert.ok(!there.resources.some(({ type }) => /compute\/(sub)?network:/.test(type)));
      assert.deepEqual(
        Object(there.one(TEMPLATE).inputs.networkInterfaces)[0].subnetwork,
        'projects/my-project/regions/europe-west1/subnetworks/media-eu',
      );
      for (const { inputs } of there.resources.filter(({ type }) => type === FIREWALL))
        assert.equal(inputs.network, 'projects/my-project/global/networks/default');
      await assert.rejects(
        run({ network: { ...network, id: 'other' } }),
        /ebbtide:network\.subnets\[0\] is "media-eu": it is in .*\/default, and must be in ebbtide:network\.id, which is other/,
      );
    });

    it('has its firewall where the network is, when another project shares it', async () => {
      const shared = await run(
        {
          network: {
            id: 'projects/host-project/global/networks/shared',
            subnets: ['projects/host-project/regions/europe-west1/subnetworks/media'],
          },
        },
        {
          answers: {
            'gcp:compute/getSubnetwork:getSubnetwork': (inputs) => ({
              ...inputs,
              network: 'https://www.googleapis.com/compute/v1/projects/host-project/global/networks/shared',
            }),
          },
        },
      );
      for (const { inputs } of shared.resources.filter(({ type }) => type === FIREWALL))
        assert.equal(inputs.project, 'host-project');
    });

    it('gives its nodes no address in the internet where it is told so', async () => {
      const inside = await run({
        gcp: { externalAddresses: false, diskType: 'pd-ssd', labels: { team: 'av' } },
      });
      const { networkInterfaces, disks, labels } = inside.one(TEMPLATE).inputs;
      assert.deepEqual(networkInterfaces, [
        { subnetwork: 'media.my-project.europe-west1-network-subnet-id' },
      ]);
      assert.equal(Object(disks)[0].diskType, 'pd-ssd');
      assert.deepEqual(labels, { team: 'av', 'ebbtide-pool': 'media' });
    });

    it('takes the zones that are named', async () => {
      const zones = ['europe-west1-c'];
      const one = await run({ pool: { name: 'media', zones } });
      assert.deepEqual(one.one(GROUP).inputs.distributionPolicyZones, zones);
    });
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
      assert.deepEqual(
        namesOf('ebbtide:gcp:PrunerSchedule'),
        ['PoolGroup'],
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

  describe('a node', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'ebbtide-startup-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('is told by its startup script where its things are, and no secret', () => {
      const script = String(Object(made.one(TEMPLATE).inputs.metadata)['startup-script']);
      const path = join(folder, 'startup-script');
      writeFileSync(path, script.replace(/^exec .*$/m, 'exit 0'));
      const { status, stderr } = spawnSync('/bin/bash', [path], {
        env: { PATH: process.env.PATH, EBBTIDE_ROOT: folder },
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const read = (file: string) => readFileSync(join(folder, file), 'utf8');
      const manifest = v.parse(bootManifestSchema, JSON.parse(read('etc/ebbtide/boot.json')));
      assert.deepEqual(manifest.source, {
        kind: 'gcp',
        project: 'my-project',
        bucket: NAMES.bucket,
        secrets: { keys: 'ebbtide-media-keys-europe-west1', redis: 'ebbtide-media-redis-europe-west1' },
      });
      assert.deepEqual(
        manifest.stages.map(({ files }) => files.map(({ key }) => key)),
        [['software/ebbtide-agent-bbbbbbbbbbbbbbbb.cjs'], ['software/media-aaaaaaaaaaaaaaaa']],
      );
      const values: Record<string, string> = {
        ...manifest.placeholders,
        node: 'ebbtide-media-x1y2',
        root: '',
      };
      const filled = read('etc/ebbtide/templates/agent.json').replaceAll(
        /\{\{(\w+)\}\}/g,
        (whole, name: string) => values[name] ?? whole,
      );
      const { cloud, registry, software } = v.parse(agentConfigSchema, JSON.parse(filled));
      assert.deepEqual(cloud, { kind: 'gcp', pruner: { url: 'https://ebbtide-media-pruner.a.run.app' } });
      assert.deepEqual(registry, { kind: 'bucket', bucket: NAMES.bucket, statusName: 'ebbtide-media-x1y2' });
      const told = JSON.parse(
        String(Object(Object(made.one(FUNCTION).inputs.serviceConfig).environmentVariables).EBBTIDE_SETTINGS),
      );
      assert.equal(software.template, told.currentTemplate);
      assert.ok(existsSync(join(folder, 'opt/ebbtide/boot.sh')));
      assert.doesNotMatch(read('etc/ebbtide/boot.json') + filled, /ssssssss|10\.0\.0\.5/);
    });
  });
});

describe('names on GCP', () => {
  const place = { project: 'my-project', region: 'northamerica-northeast1' };
  it('fit, however long the name of the pool is, and are their own in each region', () => {
    const pool = 'a'.repeat(28);
    const names = gcpNames(pool, place);
    const accounts = [names.nodeAccount, names.prunerAccount, names.schedulerAccount, names.builderAccount];
    assert.equal(new Set(accounts).size, 4);
    for (const account of accounts) assert.match(account, /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
    for (const name of [names.firewall('health'), names.secret('redis'), names.bucket, names.pruner])
      assert.match(name, /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
    assert.match(names.role('store-write', 'a1b2c3d4'), /^[a-zA-Z0-9_.]{3,64}$/);
    assert.ok(names.templatePrefix.length <= 37);
    const elsewhere = gcpNames(pool, { ...place, region: 'europe-west1' });
    assert.notEqual(elsewhere.bucket, names.bucket);
    assert.notEqual(elsewhere.nodeAccount, names.nodeAccount);
    assert.notEqual(elsewhere.role('sees', 'a1b2c3d4'), names.role('sees', 'a1b2c3d4'));
  });
});

describe('machines of GCP', () => {
  it('get the image of their processor, and a disk that they take', () => {
    const of = (type: string) => [defaultImage(type).split('/').at(-1), defaultDiskType(type)];
    assert.deepEqual(of('n2-standard-4'), ['debian-13', 'pd-balanced']);
    assert.deepEqual(of('t2a-standard-4'), ['debian-13-arm64', 'pd-balanced']);
    assert.deepEqual(of('c4a-standard-4'), ['debian-13-arm64', 'hyperdisk-balanced']);
    assert.deepEqual(of('n4-custom-4-8192'), ['debian-13', 'hyperdisk-balanced']);
    assert.deepEqual(of('c3-standard-4'), ['debian-13', 'pd-balanced']);
  });
});
