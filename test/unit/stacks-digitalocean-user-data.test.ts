import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { DROPLET_FILE, dropletFileSchema } from '../../fleet/digitalocean/droplet-file.ts';
import { fillUserData, USER_DATA_LIMIT } from '../../fleet/digitalocean/user-data.ts';
import { deriveStatusKey } from '../../fleet/status-signature.ts';
import { parseCloudConfig } from '../../lab/instance/cloud-config.ts';
import { fillPlaceholders } from '../../node-agent/boot/placeholders.ts';
import { createBundler } from '../../stacks/bundle.ts';
import { digitalOceanNodeSetup } from '../../stacks/digitalocean/node-setup.ts';
import {
  assertDropletUserDataFits,
  type DropletSecrets,
  renderDropletTemplate,
} from '../../stacks/digitalocean/user-data.ts';
import { setupFiles } from '../../stacks/node-setup.ts';
import { readSettings } from '../../stacks/settings.ts';
import { configValues, GOOD } from './stacks-mocks.ts';

const POOL_SECRET = '0123456789abcdef0123456789abcdef';
const NODE = 'ebbtide-media-0a1b2c3d';
const OWN = { node: NODE, statusKey: deriveStatusKey(POOL_SECRET, NODE) };
const SECRETS: DropletSecrets = {
  spaces: { accessKeyId: 'DO00EXAMPLE', secretAccessKey: 'quite"secret' },
  wake: { url: 'https://faas-fra1-1.doserverless.co/api/v1/web/fn-1/media/orchestrator', secret: 'w: 1' },
};

function setupOf(changed: Record<string, unknown> = {}, boot = 'console.log("boot");\n') {
  const files = { text: () => undefined, sha256: () => 'a'.repeat(64) };
  const { settings } = readSettings(
    { values: configValues({ ...GOOD, ...changed }), isSecret: () => true },
    files,
  );
  return digitalOceanNodeSetup({
    settings,
    region: 'fra1',
    codeBucket: 'ebbtide-media-1234-code',
    statusBucket: 'ebbtide-media-1234-statuses',
    boot,
    agent: { key: 'software/agent', sha256: 'b'.repeat(64) },
    media: { key: 'software/media', sha256: 'a'.repeat(64), member: 'livekit-server' },
    template: '0123456789ab',
  });
}

/** As cloud-init has it on one droplet. */
function written(setup = setupOf()) {
  const { files, command } = parseCloudConfig(fillUserData(renderDropletTemplate(setup, SECRETS), OWN));
  const at = (path: string) => files.find((file) => file.path === path) ?? assert.fail(`no ${path}`);
  return { files, command, at };
}

describe('the user-data of a droplet', () => {
  it('writes what every node has, and runs the boot script', () => {
    const { command, files, at } = written();
    assert.deepEqual(command, ['/bin/bash', '/opt/ebbtide/boot.sh']);
    for (const { path, content } of setupFiles(setupOf())) {
      assert.equal(at(path).content.toString(), content);
      assert.equal(at(path).mode, 0o644);
    }
    assert.equal(files.length, setupFiles(setupOf()).length + 1);
  });

  it('has a file with its own name, its own key and the keys of all, which nobody but root reads', () => {
    const { content, mode } = written().at(DROPLET_FILE);
    assert.equal(mode, 0o600);
    assert.deepEqual(v.parse(dropletFileSchema, JSON.parse(content.toString())), { ...OWN, ...SECRETS });
  });

  it('has no secret in any other file, and nowhere the pool’s', () => {
    const { files } = written();
    for (const { path, content } of files) {
      const text = content.toString();
      assert.ok(!text.includes(POOL_SECRET), path);
      if (path === DROPLET_FILE) continue;
      for (const secret of [OWN.statusKey, 'quite', 'w: 1', SECRETS.wake.url, 's'.repeat(32)])
        assert.ok(!text.includes(secret), `${secret} in ${path}`);
    }
  });

  it('tells the boot program and the agent where everything is', () => {
    const { at } = written();
    const manifest = v.parse(bootManifestSchema, JSON.parse(at('/etc/ebbtide/boot.json').content.toString()));
    assert.deepEqual(manifest.source, {
      kind: 'digitalocean',
      region: 'fra1',
      bucket: 'ebbtide-media-1234-code',
      secrets: { keys: 'secrets/keys', redis: 'secrets/redis' },
    });
    const template = at('/etc/ebbtide/templates/agent.json').content.toString();
    const facts = { node: NODE, instanceId: '4711', nodeIp: '10.0.0.7', zone: 'fra1', root: '/r' };
    const values = new Map(Object.entries({ ...manifest.placeholders, ...facts }));
    const config = v.parse(agentConfigSchema, JSON.parse(fillPlaceholders(template, values)));
    assert.deepEqual(config.cloud, {
      kind: 'digitalocean',
      region: 'fra1',
      madeFor: '4711',
      statusBucket: 'ebbtide-media-1234-statuses',
      dropletFile: '/r/etc/ebbtide/droplet.json',
    });
    assert.deepEqual(config.registry, {
      kind: 'bucket',
      bucket: 'ebbtide-media-1234-code',
      statusName: NODE,
    });
  });

  it('names no secret that the pool has not', () => {
    const { source } = setupOf({ mediaSecrets: { keys: { devkey: 's'.repeat(32) } } }).manifest;
    assert.deepEqual(source.kind === 'digitalocean' && source.secrets, { keys: 'secrets/keys' });
  });

  describe('filled in for one droplet', () => {
    const template = renderDropletTemplate(setupOf(), SECRETS);
    const rows: [string, string, Partial<typeof OWN>, RegExp][] = [
      [
        'a template without a place for the name',
        template.replace('@@EBBTIDE_NODE@@', ''),
        {},
        /NODE@@ 0 times/,
      ],
      [
        'one without a place for the key',
        template.replace('@@EBBTIDE_STATUS_KEY@@', ''),
        {},
        /KEY@@ 0 times/,
      ],
      ['one that has been filled in', fillUserData(template, OWN), {}, /0 times, not once: deploy/],
      ['one with two places', `${template}# @@EBBTIDE_NODE@@\n`, {}, /NODE@@ 2 times/],
      ['nothing', '', {}, /0 times/],
      ['a name that ends its quotes', template, { node: 'a","b":"' }, /no name for a droplet/],
      ['a name with a space', template, { node: 'a b' }, /no name for a droplet/],
      ['no name', template, { node: '' }, /no name for a droplet/],
      ['a key that is none', template, { statusKey: POOL_SECRET }, /^status key|the status key must be/],
    ];
    for (const [given, text, own, says] of rows) {
      it(`${given} is refused, and no secret is told`, () => {
        assert.throws(
          () => fillUserData(text, { ...OWN, ...own }),
          (error: Error) => {
            assert.match(error.message, says);
            for (const secret of ['quite', POOL_SECRET, OWN.statusKey])
              assert.ok(!error.message.includes(secret));
            return true;
          },
        );
      });
    }
  });

  it('with the real boot program is far below what DigitalOcean takes', async () => {
    const { code } = await createBundler().boot('digitalocean');
    const setup = setupOf({}, code);
    assertDropletUserDataFits(setup);
    const bytes = Buffer.byteLength(fillUserData(renderDropletTemplate(setup, SECRETS), OWN));
    assert.ok(bytes < USER_DATA_LIMIT / 2, `${bytes} bytes`);
  });

  it('is refused above 64 KB of plain text, however long names and keys turn out, by the name of what is big', () => {
    const noiseOf = (length: number) =>
      Array.from({ length }, (_, i) => ((i * 2654435761) % 4294967296).toString(36)).join('');
    const sizeOf = (length: number) =>
      Buffer.byteLength(fillUserData(renderDropletTemplate(setupOf({}, noiseOf(length)), SECRETS), OWN));
    const fits = (length: number) => {
      try {
        assertDropletUserDataFits(setupOf({}, noiseOf(length)));
        return true;
      } catch {
        return false;
      }
    };
    let most = 1_000;
    for (let step = 16_000; step >= 1; step = Math.floor(step / 2)) while (fits(most + step)) most += step;
    assert.ok(sizeOf(most) <= USER_DATA_LIMIT, 'what passes fits');
    assert.ok(sizeOf(most) > USER_DATA_LIMIT - 4_096, `${sizeOf(most)}: what would fit easily passes`);
    assert.throws(
      () => assertDropletUserDataFits(setupOf({}, noiseOf(most + 1))),
      /user-data has \d+ bytes, and DigitalOcean takes 65536\. By file: \/opt\/ebbtide\/boot\.cjs \d{5}/,
    );
  });
});
