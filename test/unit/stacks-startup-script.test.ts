import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { createBundler } from '../../stacks/bundle.ts';
import { gcpNames } from '../../stacks/gcp/names.ts';
import { gcpNodeSetup } from '../../stacks/gcp/node-setup.ts';
import { type NodeSetup, setupFiles } from '../../stacks/node-setup.ts';
import { readSettings } from '../../stacks/settings.ts';
import { assertStartupScriptFits, renderStartupScript } from '../../stacks/startup-script.ts';
import { configValues, GOOD_GCP, settingsOf } from './stacks-mocks.ts';

function setupOf(boot = 'console.log("boot");\n'): NodeSetup {
  const files = { text: () => undefined, sha256: () => 'a'.repeat(64) };
  const { settings } = readSettings({ values: configValues(GOOD_GCP), isSecret: () => true }, files);
  return gcpNodeSetup({
    settings: settingsOf(settings, 'gcp'),
    names: gcpNames('media', { project: 'my-project', region: 'europe-west1' }),
    bucket: 'ebbtide-media-1234',
    prunerUrl: 'https://pruner.example',
    boot,
    agent: { key: 'software/agent', sha256: 'b'.repeat(64) },
    media: { key: 'software/media', sha256: 'a'.repeat(64), member: 'livekit-server' },
    template: '0123456789ab',
  });
}

describe('the startup script', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-startup-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const root = () => join(folder, 'root');
  const at = (path: string) => join(root(), path);

  /** Runs it as the machine would at a boot. Its last step, the boot script, is a stand-in that leaves a note. */
  function start(setup = setupOf(), environment: Record<string, string> = {}) {
    const path = join(folder, 'startup-script');
    const standIn = 'printf "%s\\n" "$@" >> "$NOTES"';
    writeFileSync(
      path,
      renderStartupScript(setup).replace(/^exec \/bin\/bash (.*)$/m, `set -- $1\n${standIn}`),
    );
    const env = {
      PATH: process.env.PATH,
      EBBTIDE_ROOT: root(),
      NOTES: join(folder, 'notes'),
      ...environment,
    };
    return spawnSync('/bin/bash', [path], { env, encoding: 'utf8' });
  }

  it('puts every file in its place, and runs the boot script', () => {
    const { status, stderr } = start();
    assert.equal(status, 0, stderr);
    for (const { path, content } of setupFiles(setupOf())) {
      assert.equal(readFileSync(at(path), 'utf8'), content, path);
      assert.equal(statSync(at(path)).mode & 0o777, 0o644);
    }
    assert.equal(readFileSync(join(folder, 'notes'), 'utf8'), `${at('/opt/ebbtide/boot.sh')}\n`);
  });

  it('does the same at every boot, touches nothing else, and mends what a power failure left', () => {
    assert.equal(start().status, 0);
    writeFileSync(at('/etc/ebbtide/agent.json'), 'the boot program made this');
    writeFileSync(at('/opt/ebbtide/boot.sh'), '');
    writeFileSync(at('/opt/ebbtide/boot.cjs.part'), 'half');
    const { status, stderr } = start();
    assert.equal(status, 0, stderr);
    assert.equal(readFileSync(at('/etc/ebbtide/agent.json'), 'utf8'), 'the boot program made this');
    assert.match(readFileSync(at('/opt/ebbtide/boot.sh'), 'utf8'), /make_node/);
    assert.deepEqual(readdirSync(at('/opt/ebbtide')).sort(), ['boot.cjs', 'boot.sh']);
  });

  it('stops where a file cannot be put in its place, and runs nothing of what may be half', () => {
    writeFileSync(root(), 'not a folder');
    const { status } = start();
    assert.notEqual(status, 0);
    assert.throws(() => readFileSync(join(folder, 'notes')));
  });

  it('brings any program through unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (boot) => {
        assert.equal(start(setupOf(boot)).status, 0);
        assert.equal(readFileSync(at('/opt/ebbtide/boot.cjs'), 'utf8'), Buffer.from(boot).toString());
      }),
      { numRuns: 25 },
    );
  });

  it('runs the boot script, whose path has no spaces, and nothing after it', () => {
    assert.match(renderStartupScript(setupOf()), /\nexec \/bin\/bash "\$ROOT\/opt\/ebbtide\/boot\.sh"\n$/);
  });

  it('fits into what metadata takes, with the real boot program', async () => {
    const { code } = await createBundler().boot('gcp');
    const size = Buffer.byteLength(renderStartupScript(setupOf(code)));
    assert.ok(size < 64 * 1024, `${size} bytes`);
    assertStartupScriptFits(setupOf(code));
  });

  it('is refused above 256 KB, by the name of what is big', () => {
    const noise = Array.from({ length: 60_000 }, (_, i) => ((i * 2654435761) % 4294967296).toString(36)).join(
      '',
    );
    assert.throws(
      () => assertStartupScriptFits(setupOf(noise)),
      /a machine's metadata takes 262144\. By file: \/opt\/ebbtide\/boot\.cjs \d{6}/,
    );
  });

  it('holds no secret', () => {
    assert.equal(start().status, 0);
    for (const { content } of setupFiles(setupOf())) assert.doesNotMatch(content, /ssssssss|10\.0\.0\.5/);
  });
});
