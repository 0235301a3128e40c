import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, describe, it } from 'mocha';
import { CLOUD_NAMES } from '../../lab/cloud/names.ts';
import { findPulumi } from '../../lab/local-stack/pulumi.ts';
import { lackingFor } from '../../lab/rehearsal/lacking.ts';
import { repositoryRoot } from '../../stacks/bundle.ts';

const run = promisify(execFile);
const program = findPulumi(process.env);
const NO_PULUMI = 'no pulumi in PATH, and EBBTIDE_PULUMI is not set';

describe('npm run lab -- up', function () {
  this.timeout(360_000);
  let lab: ChildProcess | undefined;
  afterEach(() => lab?.kill('SIGKILL'));

  for (const cloud of CLOUD_NAMES) {
    const lacking = program === undefined ? NO_PULUMI : lackingFor(cloud);
    (lacking === undefined ? it : it.skip)(
      `on ${cloud}: whoever types what it prints works on a stack with people in calls${lacking ? ` (skipped: ${lacking})` : ''}`,
      async () => {
        const command = ['--import', 'tsx', 'lab/stack.ts', 'up', '--cloud', cloud];
        lab = spawn(process.execPath, command, { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'pipe'] });
        const ended = once(lab, 'exit');
        let said = '';
        const invited = new Promise<void>((resolve, reject) => {
          for (const stream of [lab?.stdout, lab?.stderr]) {
            stream?.on('data', (chunk: Buffer) => {
              said += chunk.toString();
              if (/^\d+:\d+ {2}\d+ of \d+ nodes serve; [1-9]\d* rooms/m.test(said)) resolve();
            });
          }
          ended.then(() => reject(new Error(`it ended before it had invited anybody:\n${said}`)), reject);
        });
        await invited;

        const typed = (line: string) =>
          run('sh', ['-c', `${enter}\n. ./environment.sh\n${line}`], { env: HOME });
        const enter = /^ {2}(cd \S+)$/m.exec(said)?.[1] ?? assert.fail(said);
        const preview = await typed('pulumi preview --expect-no-changes');
        assert.match(preview.stdout, /\d+ unchanged/);
        const named = /^\d+:\d+ {2}(\S+) takes calls$/m.exec(said)?.[1] ?? assert.fail(said);
        const nodes = /^Its nodes are folders in (\S+),/m.exec(said)?.[1] ?? assert.fail(said);
        const node =
          readdirSync(nodes).find((each) => each.endsWith(named.replace(/^.*…/, ''))) ?? assert.fail(named);
        const story = await typed(`agent_on ${node} explain`);
        assert.match(story.stdout, /is serving, for/);
        const refused = await typed('pulumi destroy --yes --skip-preview').then(
          () => assert.fail('it destroyed calls'),
          (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
        );
        assert.match(refused, /calls are on/);

        lab.kill('SIGINT');
        assert.deepEqual(await ended, [0, null], said);
        assert.ok(!existsSync(enter.slice('cd '.length)), 'its folders are gone');
      },
    );
  }
});

/** Another shell has its own PATH, and nothing of ours. */
const HOME = { PATH: process.env.PATH, HOME: process.env.HOME };
