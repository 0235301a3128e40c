import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import * as v from 'valibot';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { announcedNode, announcementSchema } from '../../fleet/digitalocean/announcement.ts';
import { DROPLET_FILE } from '../../fleet/digitalocean/droplet-file.ts';
import { fillUserData } from '../../fleet/digitalocean/user-data.ts';
import { readingOf } from '../../fleet/registry.ts';
import { deriveStatusKey, verifyStatus } from '../../fleet/status-signature.ts';
import { parseCloudConfig } from '../../lab/instance/cloud-config.ts';
import { connect } from '../../node-agent/clouds/connect.ts';
import { assertMadeFor } from '../../node-agent/run.ts';
import { createBundler, sha256Of } from '../../stacks/bundle.ts';
import { digitalOceanNodeSetup } from '../../stacks/digitalocean/node-setup.ts';
import { renderDropletTemplate } from '../../stacks/digitalocean/user-data.ts';
import { readSettings } from '../../stacks/settings.ts';
import { type DropletMachine, startDropletMachine } from '../support/digitalocean-machine.ts';
import { DIGITALOCEAN, POOL_SECRET } from '../support/mailbox-clouds.ts';
import { bucketsOf, SPACES } from '../support/moto.ts';
import type { StoreServer } from '../support/store-server.ts';
import { configValues, GOOD } from '../unit/stacks-mocks.ts';
import { statusOf } from '../unit/support/fleet.ts';
import { type LocalServer, startLocalServer } from '../unit/support/local-server.ts';

const { node, machine } = DIGITALOCEAN;
const MEDIA = '#!/bin/sh\n';

/** From what the stack writes and the orchestrator fills in, by the boot program's bundle, to a status that is believed. */
describe(`a droplet's user-data, on a real store (${SPACES.program})`, () => {
  let server: StoreServer;
  let droplet: DropletMachine | undefined;
  let root: string;
  let orchestrator: LocalServer;

  before(async function () {
    const program = SPACES.find();
    if (program === undefined) return this.skip();
    server = await SPACES.start(program);
    await server.createBucket('pool');
    const statusKey = deriveStatusKey(POOL_SECRET, node);
    droplet = await startDropletMachine({ name: node, id: machine, pool: 'media', statusKey });
    root = await mkdtemp(join(tmpdir(), 'ebbtide-droplet-'));
    orchestrator = await startLocalServer(() => ({ status: 200 }));
  });
  after(async () => {
    await droplet?.close();
    await orchestrator?.close();
    await server?.stop();
    if (root !== undefined) await rm(root, { recursive: true });
  });

  async function put(path: string, content: string | Buffer, mode: number): Promise<void> {
    const at = join(root, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, content);
    await chmod(at, mode);
  }

  it('makes of it a node that reads its software and its secrets, and signs what it says', async () => {
    const bundler = createBundler();
    const [boot, agent] = await Promise.all([bundler.boot('digitalocean'), bundler.agent()]);
    const files = { text: () => undefined, sha256: () => 'a'.repeat(64) };
    const media = { setup: { file: 'setup.sh', sha256: 'a'.repeat(64), unit: 'sfu.service' } };
    const { settings } = readSettings(
      { values: configValues({ ...GOOD, media }), isSecret: () => true },
      files,
    );
    const buckets = bucketsOf('pool');
    const setup = digitalOceanNodeSetup({
      settings,
      region: 'fra1',
      codeBucket: buckets.code,
      statusBucket: buckets.statuses,
      boot: boot.code,
      agent: { key: 'software/agent', sha256: agent.sha256 },
      media: { key: 'software/media', sha256: sha256Of(MEDIA) },
      template: '0123456789ab',
    });
    const store = server.store('pool');
    await store.put('software/agent', agent.code);
    await store.put('software/media', MEDIA);
    await store.put('secrets/keys', JSON.stringify({ devkey: 'media-secret' }));
    await store.put('secrets/redis', JSON.stringify({ address: '10.0.0.5:6379' }));

    const template = renderDropletTemplate(setup, {
      spaces: { accessKeyId: 'DO00EXAMPLE', secretAccessKey: 's' },
      wake: { url: `${orchestrator.url}/wake`, secret: 'w' },
    });
    const own = { node, statusKey: deriveStatusKey(POOL_SECRET, node) };
    for (const { path, content, mode } of parseCloudConfig(fillUserData(template, own)).files)
      await put(path, content, mode);
    await put('/bin/systemctl', '#!/bin/sh\nexit 0\n', 0o755);

    const environment = { ...droplet?.environment, SPACES_ENDPOINT_URL: server.url };
    const env = { PATH: `${root}/bin:${process.env.PATH}`, EBBTIDE_ROOT: root, ...environment };
    await promisify(execFile)(process.execPath, [join(root, '/opt/ebbtide/boot.cjs')], { env });
    const [call, ...more] = orchestrator.requests;
    assert.equal(more.length, 0);
    const announcement = v.parse(announcementSchema, JSON.parse(call?.body ?? ''));
    assert.deepEqual(
      [call?.path, call?.headers['x-require-whisk-auth'], announcedNode(POOL_SECRET, announcement)],
      ['/wake', 'w', node],
    );

    assert.equal((await stat(join(root, DROPLET_FILE))).mode & 0o777, 0o600);
    assert.match(await readFile(join(root, '/etc/ebbtide/media/keys.json'), 'utf8'), /media-secret/);
    const text = await readFile(join(root, '/etc/ebbtide/agent.json'), 'utf8');
    const config = v.parse(agentConfigSchema, JSON.parse(text));
    const { cloud, registry } = connect(config, environment);
    const identity = (await cloud.identify()) ?? assert.fail();
    assertMadeFor(config, identity);
    assert.deepEqual({ node: identity.node, machine: identity.machine }, { node, machine });
    await registry.writeStatus(statusOf(node));

    const reader = createBucketRegistry({ store, verify: (status) => verifyStatus(POOL_SECRET, status) });
    const reading = readingOf(await reader.readFleet(), node);
    assert.equal(reading.kind === 'fresh' && reading.signature, 'right');
  });
});
