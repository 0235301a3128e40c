import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { defaultDiskType, defaultImage } from '../../stacks/gcp/machine.ts';
import type { ProgramRun } from './stacks-mocks.ts';
import { AUTOSCALER, FIREWALL, FUNCTION, GROUP, NAMES, run, TEMPLATE } from './support/gcp-pool.ts';

describe('the GCP pool', () => {
  let made: ProgramRun;
  before(async () => {
    made = await run();
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
