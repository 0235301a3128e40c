import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { CLOUD_NAMES, type CloudName } from '../../fleet/clouds.ts';
import { repositoryRoot } from '../../stacks/bundle.ts';
import type { CloudRules } from '../../stacks/cloud-rules.ts';
import { CLOUD_RULES, type Settings } from '../../stacks/settings.ts';
import { sharedSections } from '../../stacks/settings-schema.ts';
import { keysOf } from './schema-keys.ts';

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');
const RULES: Record<CloudName, CloudRules<object, object, unknown, Settings>> = CLOUD_RULES;

/** Every key of a stack file, by the cloud that has it. */
function settingsOf(cloud: CloudName): readonly (readonly string[])[] {
  const { section, secrets } = RULES[cloud];
  return keysOf({
    entries: {
      ...sharedSections(CLOUD_RULES.aws.words),
      [cloud]: section,
      ...(secrets === undefined ? {} : { [`${cloud}Secrets`]: secrets }),
    },
  });
}

/** The paths of a stack file that have an example: a key with something behind it, also where it is commented out. */
function exampled(file: string): Set<string> {
  const paths = new Set<string>();
  const above: { indent: number; key: string }[] = [];
  for (const line of read(file).split('\n')) {
    const found = /^(\s*)(?:# )?(\s*)(?:ebbtide:)?([A-Za-z][\w]*):(?: |$)/.exec(line);
    if (found === null) continue;
    const [, outer = '', inner = '', key = ''] = found;
    const indent = outer.length + inner.length;
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop();
    above.push({ indent, key });
    paths.add(above.map((each) => each.key).join('.'));
    // In one line: { address: private, port: 9876 }.
    const [, members = ''] = /\{ (.*) \}/.exec(line) ?? [];
    for (const [, name = ''] of members.matchAll(/(?:^|, )(\w+): /g))
      paths.add([...above.map((each) => each.key), name].join('.'));
  }
  return paths;
}

describe('examples of the settings', () => {
  const files = [...CLOUD_NAMES.map((cloud) => `Pulumi.${cloud}.yaml`), 'Pulumi.aws-openvidu.yaml'];
  const all = [...new Set(files.flatMap((file) => [...exampled(file)]))].map((path) =>
    path.replace(/^config\./, ''),
  );

  it('are found in the stack files', () => {
    for (const path of [
      'pool.name',
      'network.subnets',
      'agent.every.work',
      'digitalocean.loadBalancer.units',
    ])
      assert.ok(all.includes(path), path);
  });

  for (const cloud of CLOUD_NAMES) {
    it(`there is one of every key of ${cloud}`, () => {
      const without = settingsOf(cloud)
        .map((path) => path.join('.'))
        .filter((path) => !all.includes(path));
      assert.deepEqual(without, []);
    });
  }
});

/** What a key may be where it chooses between whole groups of keys: kinds of media servers, of scaling. */
function kindsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const literal: unknown = Reflect.get(schema, 'literal');
  if (typeof literal === 'string') return [literal];
  const kind: unknown = Reflect.get(Object(Reflect.get(schema, 'entries')), 'kind');
  const inner = ['wrapped', 'options', 'pipe'].flatMap((name): unknown[] =>
    [Reflect.get(schema, name)].flat(),
  );
  return [...kindsOf(kind), ...inner.flatMap(kindsOf)];
}

describe('the reference of the settings', () => {
  const reference = read('docs/settings.md');

  it('has a column for the default in each of its tables', () => {
    const rows = reference.split('\n').filter((line) => line.startsWith('| `'));
    assert.ok(rows.length > 60, String(rows.length));
    const short = rows.filter((row) => row.split('|').length < 5);
    assert.deepEqual(short, []);
  });

  it('names each kind of media server and of scaling', () => {
    const { media, scaling } = sharedSections(CLOUD_RULES.aws.words);
    const kinds = [...kindsOf(media), ...kindsOf(scaling)];
    assert.ok(kinds.includes('openvidu'), String(kinds));
    assert.deepEqual(
      kinds.filter((kind) => !reference.includes(`\`${kind}\``)),
      [],
    );
  });
});
