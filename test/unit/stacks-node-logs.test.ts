import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { logFiles } from '../../stacks/node-logs.ts';
import { findRsyslogd, RSYSLOGD_IS_MISSING } from '../support/rsyslog.ts';

const rsyslogd = findRsyslogd();

const TLS = { protocol: 'tls', host: 'logs.example.org', port: 6514 } as const;
const textOf = (files: ReturnType<typeof logFiles>, part: string) =>
  files.find(({ path }) => path.includes(part))?.content ?? assert.fail(`no ${part}`);

describe('the logs of a node', () => {
  it('stay in a journal that has a bound, unless somebody takes them', () => {
    const files = logFiles({ keep: '2G', to: undefined });
    assert.deepEqual(
      files.map(({ path }) => path),
      ['/etc/systemd/journald.conf.d/ebbtide.conf'],
    );
    assert.equal(textOf(files, 'journald'), '[Journal]\nStorage=persistent\nSystemMaxUse=2G\n');
  });

  it('go to whom the operator names, wait in the journal for as long as he is out, and end nothing else with them', () => {
    const files = logFiles({ keep: '1G', to: TLS });
    const config = textOf(files, 'rsyslog.conf');
    assert.match(config, /target="logs\.example\.org" port="6514"/);
    assert.match(config, /streamDriverAuthMode="x509\/name" streamDriverPermittedPeers="logs\.example\.org"/);
    assert.deepEqual(config.match(/queue\.\w+="\w+"/g), ['queue.type="Direct"']);
    assert.match(config, /action\.resumeRetryCount="-1"/);
    const unit = textOf(files, 'ebbtide-logs.service');
    assert.match(unit, /^ExecStart=\/usr\/sbin\/rsyslogd -n -iNONE -f \/etc\/ebbtide\/rsyslog\.conf$/m);
    assert.match(unit, /^Restart=always$/m);
    assert.match(unit, /^TimeoutStopSec=5$/m);
    assert.doesNotMatch(unit, /ebbtide-agent|livekit|Requires|BindsTo|PartOf/);
  });

  it('go in clear only where that is said', () => {
    const config = textOf(logFiles({ keep: '1G', to: { ...TLS, protocol: 'tcp' } }), 'rsyslog.conf');
    assert.doesNotMatch(config, /streamDriver|ossl/);
  });

  for (const protocol of ['tls', 'tcp'] as const) {
    const skipped = rsyslogd === undefined ? ` (skipped: ${RSYSLOGD_IS_MISSING})` : '';
    it(`are sent by a configuration that the real rsyslogd takes (${protocol})${skipped}`, function () {
      if (rsyslogd === undefined) this.skip();
      const folder = mkdtempSync(join(tmpdir(), 'ebbtide-logs-'));
      const config = textOf(logFiles({ keep: '1G', to: { ...TLS, protocol } }), 'rsyslog.conf');
      const path = join(folder, 'rsyslog.conf');
      writeFileSync(path, config.replace('/var/lib/ebbtide-logs', folder));
      const { status, stderr } = spawnSync(rsyslogd, ['-N1', '-f', path], { encoding: 'utf8' });
      rmSync(folder, { recursive: true });
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /error|warning/i);
    });
  }
});
