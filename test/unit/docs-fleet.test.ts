import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { COMMANDS, USAGE_OF } from '../../cli/usage.ts';
import { operatorSecretsSchema } from '../../fleet/digitalocean/operator-secrets.ts';
import { repositoryRoot } from '../../stacks/bundle.ts';

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');
const document = read('docs/fleet.md');
const source = read('cli/leave/leaving-event.ts');

function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
}

describe('the reference of fleet', () => {
  const [codes = ''] = /RefusalCode = [^;]+;/.exec(source) ?? [];
  const [outcomes = ''] = /outcome: '[^;]+;/.exec(source) ?? [];
  const rows: [string, number, string[], (name: string) => string][] = [
    ['command', 5, [...COMMANDS], (name) => `\n| \`${name}`],
    ['option', 12, all(Object.values(USAGE_OF).join(''), /^ {2}--([\w-]+)/gm), (name) => `\n| \`--${name}`],
    ['event', 11, all(source, /event: '([\w-]+)';?/g), (name) => `\n| \`${name}\` | `],
    ['code of a refusal', 5, all(codes, /'([\w-]+)'/g), (name) => `\`${name}\``],
    ['outcome', 4, all(outcomes, /'([\w-]+)'/g), (name) => `\`${name}\``],
    ['exit code', 6, ['0', '1', '2', '3', '4', '130'], (name) => `\n| ${name} | `],
    ['secret', 3, Object.keys(operatorSecretsSchema.entries), (name) => `\`${name}\``],
    [
      'member of a node',
      18,
      all(
        /interface NodeRow \{([^}]|\}\[\])+\n\}/.exec(read('cli/view/pool-view.ts'))?.[0] ?? '',
        /^ {2}(\w+):/gm,
      ),
      (name) => `\`${name}\``,
    ],
  ];
  for (const [what, least, names, written] of rows) {
    it(`names every ${what}`, () => {
      assert.ok(names.length >= least, `${names}: mend this test`);
      assert.deepEqual(
        names.filter((name) => !document.includes(written(name))),
        [],
      );
    });
  }
});
