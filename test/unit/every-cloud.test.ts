import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { CLOUD_NAMES } from '../../fleet/clouds.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) => readFileSync(at(path), 'utf8');

/** What no type asks for (docs/adding-a-cloud.md). */
const FILES = [
  'Pulumi.CLOUD.yaml',
  'stacks/CLOUD/pool.ts',
  'node-agent/boot/CLOUD-main.ts',
  'providers/CLOUD/run-sweep.ts',
  'lab/CLOUD/twin.ts',
  'lab/chaos/CLOUD/cloud.ts',
  'lab/rehearsal/Pulumi.rehearsal-CLOUD.yaml',
  'test/support/pulumi-life/CLOUD.ts',
  'test/e2e/chaos-CLOUD.test.ts',
  'test/e2e/pulumi-leaving-CLOUD.test.ts',
  'test/e2e/pulumi-life-CLOUD.test.ts',
];
const NAMED_IN = [
  'README.md',
  'docs/architecture.md',
  'docs/settings.md',
  'docs/agent.md',
  'docs/clouds.md',
  'docs/defects.md',
];

describe('every cloud', () => {
  for (const cloud of CLOUD_NAMES) {
    describe(cloud, () => {
      for (const file of FILES.map((each) => each.replace('CLOUD', cloud)))
        it(`has ${file}`, () => assert.ok(existsSync(at(file))));

      it('has a function', () => assert.ok(readdirSync(at(`functions/${cloud}`)).length > 0));

      for (const file of NAMED_IN)
        it(`is told of in ${file}`, () => assert.match(read(file), new RegExp(`\\b${cloud}\\b`, 'i')));

      it('is among those of test/e2e/reboot.test.ts', () =>
        assert.match(read('test/e2e/reboot.test.ts'), new RegExp(`\\b(ON_)?${cloud.toUpperCase()}\\)`)));

      it('is among the stack files of test/unit/stacks-example.test.ts', () => {
        const tested = read('test/unit/stacks-example.test.ts');
        assert.ok([`'Pulumi.${cloud}.yaml'`, `cloud: '${cloud}'`].some((word) => tested.includes(word)));
      });

      it('is told of by the package', () => {
        const { description } = JSON.parse(read('package.json'));
        assert.match(description, new RegExp(`\\b${cloud}\\b`, 'i'));
      });
    });
  }
});
