import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { applySmallProgram, LAUNCH_HOOK, TERMINATE_HOOK } from './support/aws/twin.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

describe('applying a Pulumi program to the twin AWS', () => {
  it('reads from it what the twin simulates, secrets and contents included', async () => {
    const { model, outputs } = await applySmallProgram({ min: 1, max: 4, initial: 2, target: 40 });
    const [group] = model.groups;
    assert.deepEqual(group?.zones, ['eu-west-1a', 'eu-west-1b']);
    assert.deepEqual(
      group?.hooks.map(({ name, timeoutMs }) => [name, timeoutMs]),
      [
        [LAUNCH_HOOK, 600_000],
        [TERMINATE_HOOK, 3_600_000],
      ],
    );
    assert.equal(group?.terminateHookAbandon, 'retain');
    assert.equal(group?.tracking[0]?.target, 40);
    assert.equal(group?.template.userData, '#cloud-config\n');
    assert.equal(model.parameters[0]?.value, 'key: secret');
    assert.equal(model.objects[0]?.body.toString(), '// the agent');
    assert.equal(outputs.bucketName, model.buckets[0]?.name);
    assert.equal(model.schedules[0]?.everyMs, 60_000);
  });

  it('gives the same ids each time, so that two runs can be compared', async () => {
    const pool = { min: 1, max: 4, initial: 2 };
    const [first, second] = [await applySmallProgram(pool), await applySmallProgram(pool)];
    assert.deepEqual(first.model, second.model);
  });

  const broken = [
    {
      given: 'a resource that the twin does not know',
      program: `new aws.rds.Instance('db', { instanceClass: 'db.t3.micro' });`,
      says: /aws:rds\/instance:Instance "db": the twin AWS does not know this type/,
    },
    {
      given: 'a subnet that does not exist',
      program: `aws.ec2.getSubnetOutput({ id: 'subnet-0' }).id.apply(console.error);`,
      says: /no matching EC2 Subnet found: subnet-0/,
    },
    {
      given: 'two resources of one name',
      program: `for (const n of ['a', 'b']) new aws.sns.Topic(n, { name: 'same' });`,
      says: /there is already a aws:sns\/topic:Topic/,
    },
    {
      given: 'an apply that throws',
      program: `new aws.sns.Topic('t').arn.apply(() => { throw new Error('apply went wrong'); });`,
      says: /apply went wrong/,
    },
    {
      given: 'a policy that is not one',
      program: `new aws.iam.Role('r', { assumeRolePolicy: '{"Statement": []' });`,
      says: /the policy of r \(assumeRolePolicy\) is not JSON/,
    },
  ];

  describe('fails loudly for', () => {
    let messages: string[];

    before(() => {
      messages = applyInChild(broken.map(({ program }) => program));
    });

    for (const [index, { given, says }] of broken.entries()) {
      it(given, () => assert.match(messages[index] ?? '', says));
    }
  });
});

/** In a process of their own: what Pulumi leaves behind after a failure is not this one's business. */
function applyInChild(programs: string[]): string[] {
  // Inside the repository, where the programs find their packages.
  const folder = mkdtempSync(join(REPOSITORY, 'node_modules', '.lab-aws-'));
  try {
    const paths = programs.map((program, index) => {
      const path = join(folder, `program-${index}.mts`);
      writeFileSync(path, `import * as aws from '@pulumi/aws';\n${program}`);
      return path;
    });
    const script = `
      import { applyProgram } from '${pathToFileURL(join(REPOSITORY, 'lab/aws/apply.ts'))}';
      const messages = [];
      for (const program of ${JSON.stringify(paths)}) {
        const application = { program, config: { 'aws:region': 'eu-west-1' } };
        messages.push(await applyProgram(application).then(() => 'applied', (error) => error.message));
      }
      console.log('MESSAGES ' + JSON.stringify(messages));`;
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: REPOSITORY,
      encoding: 'utf8',
    });
    const line = child.stdout.split('\n').find((each) => each.startsWith('MESSAGES ')) ?? 'MESSAGES []';
    return JSON.parse(line.slice('MESSAGES '.length));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
