import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { alarmsOf } from '../../node-agent/core/alarms.ts';
import { explain } from '../../node-agent/core/explain.ts';
import type { SetupReading } from '../../node-agent/core/state.ts';
import { createSetupUnit, setupReading } from '../../node-agent/runtime/setup-unit.ts';
import { parseUnit } from '../../node-agent/runtime/systemd.ts';
import { AgentWorld } from '../support/agent-world.ts';

const UNIT = 'ebbtide-setup.service';

describe("the operator's own setup", () => {
  const shown = (lines: string) => `LoadState=loaded\nMainPID=0\n${lines}`;

  for (const { given, lines, then } of [
    { given: 'it runs', lines: 'ActiveState=activating\nSubState=start', then: 'running' },
    {
      given: 'it has ended well',
      lines: 'ActiveState=active\nSubState=exited\nResult=success',
      then: 'at-rest',
    },
    {
      given: 'it was not begun, or ended well before a reboot',
      lines: 'ActiveState=inactive\nSubState=dead',
      then: 'at-rest',
    },
    {
      given: 'it has failed',
      lines: 'ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=7',
      then: 'failed',
    },
  ] as const) {
    it(`${given}: ${then}`, () => {
      const reading = setupReading(parseUnit(shown(lines)));
      assert.equal(reading.kind, then);
      if (reading.kind === 'failed')
        assert.equal(reading.text, 'failed (failed), result exit-code, status 7');
    });
  }

  describe('as systemctl tells it', () => {
    let folder: string;
    const path = process.env.PATH;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'ebbtide-setup-'));
      process.env.PATH = `${folder}:${path}`;
    });
    afterEach(() => {
      process.env.PATH = path;
      rmSync(folder, { recursive: true });
    });
    function systemctlSays(script: string): void {
      writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, 'systemctl'), 0o755);
    }

    it('is read by the name of its unit', async () => {
      systemctlSays(
        `[ "$2" = ${UNIT} ] && printf '${shown('ActiveState=failed\nSubState=failed').replaceAll('\n', '\\n')}'`,
      );
      assert.equal((await createSetupUnit(UNIT, 5_000).read()).kind, 'failed');
    });

    it('is unknown, and neither failed nor at rest, where systemd does not tell', async () => {
      systemctlSays('exit 1');
      assert.match(
        JSON.stringify(await createSetupUnit(UNIT, 5_000).read()),
        /"unknown".*does not tell of ebbtide-setup/,
      );
    });
  });

  /** A node whose media never came, with the setup as it is read every half minute. */
  function world(): {
    pass(reading: SetupReading, ms: number): string[];
    explained(): string;
    world: AgentWorld;
  } {
    const it = new AgentWorld();
    it.endMedia(undefined);
    return {
      world: it,
      pass(reading, ms) {
        for (let passed = 0; passed < ms; passed += 30_000) {
          it.notify({ kind: 'setup-read', reading, at: it.at });
          it.pass(30_000);
        }
        return it.alarms.filter((name) => name.startsWith('setup-'));
      },
      explained() {
        assert.ok(it.agent !== undefined && it.published !== undefined);
        return explain(it.agent, it.settings, it.published, it.at);
      },
    };
  }

  it('raises an alarm at once when it has failed, with how, and none any more when it has run after all', () => {
    const node = world();
    assert.deepEqual(node.pass({ kind: 'failed', text: 'result exit-code, status 7' }, 30_000), [
      'setup-failed',
    ]);
    assert.match(node.explained(), /ALARM setup-failed .*status 7/);
    // What was seen is not unseen by a look that failed.
    assert.deepEqual(node.pass({ kind: 'unknown', reason: 'no answer' }, 30_000), ['setup-failed']);
    assert.deepEqual(node.pass({ kind: 'at-rest' }, 30_000), []);
  });

  it('may take ten minutes, and is told of by then', () => {
    const node = world();
    assert.deepEqual(node.pass({ kind: 'running' }, 540_000), []);
    assert.match(node.explained(), /Next: it serves once .* Its setup runs, for 9 min now\./);
    assert.deepEqual(node.pass({ kind: 'unknown', reason: 'no answer' }, 30_000), []);
    assert.deepEqual(node.pass({ kind: 'running' }, 60_000), ['setup-overdue']);
  });

  it('that cannot be read for a minute is an alarm of its own', () => {
    const node = world();
    assert.deepEqual(node.pass({ kind: 'unknown', reason: 'no answer' }, 30_000), []);
    assert.deepEqual(node.pass({ kind: 'unknown', reason: 'no answer' }, 60_000), ['setup-unknown']);
    assert.deepEqual(node.pass({ kind: 'running' }, 30_000), []);
  });

  it('raises none where there is none', () => {
    const it = new AgentWorld();
    it.pass(60_000);
    assert.ok(it.agent !== undefined);
    const names = alarmsOf(it.agent, it.settings, it.at + 3_600_000).map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.startsWith('setup-')),
      [],
    );
  });
});
