import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { parse } from 'yaml';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { nodeModel } from '../../stacks/azure/node-model.ts';
import { type Bundle, createBundler } from '../../stacks/bundle.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import { packUserData, renderUserData } from '../../stacks/user-data.ts';
import { configValues, GOOD_AZURE, settingsOf } from './stacks-mocks.ts';
import { azureUnderMocks, BLOB, NAMES, SET } from './support/azure-pool.ts';
import { ofType, promiseOf } from './support/program-run.ts';

describe('the Azure pool', () => {
  const azure = azureUnderMocks();

  describe('a node', () => {
    const NODE_IDENTITY = `${NAMES.groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ebbtide-media-node`;

    it('is told by its custom data where its things are, and no secret', async () => {
      const { customData } = Object(Object(azure.made.one(SET).inputs.virtualMachineProfile).osProfile);
      const text = gunzipSync(Buffer.from(customData, 'base64')).toString();
      assert.match(text, /^#cloud-config\n/);
      const files = new Map<string, string>(
        parse(text, { version: '1.1' }).write_files.map(({ path, content }: Record<string, string>) => [
          path,
          content,
        ]),
      );
      const manifest = v.parse(bootManifestSchema, JSON.parse(files.get('/etc/ebbtide/boot.json') ?? ''));
      const store = `https://${NAMES.storage}.blob.core.windows.net`;
      assert.deepEqual(manifest.source, {
        kind: 'azure',
        store,
        identity: NODE_IDENTITY,
        secrets: { keys: 'secrets/keys', redis: 'secrets/redis' },
      });
      const fetched = manifest.stages.flatMap((stage) => stage.files.map(({ key }) => key));
      const there = ofType(azure.made, BLOB).map(
        ({ inputs }) => `${inputs.containerName}/${inputs.blobName}`,
      );
      for (const key of [...fetched, 'secrets/keys', 'secrets/redis', 'secrets/wake-url'])
        assert.ok(there.includes(key), key);
      const values: Record<string, string> = { ...manifest.placeholders, node: 'ebbtide-media_3', root: '' };
      const filled = (files.get('/etc/ebbtide/templates/agent.json') ?? '').replaceAll(
        /\{\{(\w+)\}\}/g,
        (whole, name: string) => values[name] ?? whole,
      );
      const { cloud, registry, software } = v.parse(agentConfigSchema, JSON.parse(filled));
      assert.deepEqual(cloud, {
        kind: 'azure',
        identity: NODE_IDENTITY,
        runbook: { wakeUrlKey: 'secrets/wake-url' },
      });
      assert.deepEqual(registry, { kind: 'bucket', bucket: store, statusName: 'ebbtide-media_3' });
      assert.equal(software.template, await promiseOf(azure.made.outputs.template));
      assert.doesNotMatch(text, /ssssssss|10\.0\.0\.5|sig=/);
    });

    const modelOf = (
      changed: Record<string, unknown>,
      boot: Bundle = { code: 'x', sha256: 'b'.repeat(64) },
    ) => {
      const values = configValues({ ...GOOD_AZURE, ...changed });
      const { settings } = readSettings({ values, isSecret: () => true }, createSettingsFiles('/'));
      const azure = settingsOf(settings, 'azure');
      const software = softwareOf({ code: 'x', sha256: 'b'.repeat(64) }, azure);
      return nodeModel({ settings: azure, names: NAMES, software, boot });
    };

    it('is told no more than Azure takes, with the real boot program', async () => {
      const { setup } = modelOf({}, await createBundler().boot('azure'));
      const bytes = packUserData(renderUserData(setup)).length;
      assert.ok(bytes < 48 * 1024, `${bytes} bytes`);
      const code = randomBytes(64 * 1024).toString('base64');
      assert.throws(
        () => modelOf({}, { code, sha256: 'c'.repeat(64) }),
        /user-data has \d+ bytes packed, and Azure takes 65535\. By file: \/opt\/ebbtide\/boot\.cjs/,
      );
    });

    it('is another model when what it is made of changes, and only then', () => {
      const fingerprints = (...all: Record<string, unknown>[]) =>
        new Set([{}, ...all].map((changed) => modelOf(changed).fingerprint)).size;
      assert.equal(fingerprints({ scaling: { target: 60 } }, { alarms: { notify: ['a@example.org'] } }), 1);
      assert.equal(
        fingerprints(
          { pool: { name: 'media', machineType: 'Standard_F8s_v2' } },
          { pool: { name: 'media', diskGb: 40 } },
          { azure: { diskType: 'Premium_LRS' } },
          { scaleIn: { warnAfter: '1h' } },
        ),
        5,
      );
    });
  });
});
