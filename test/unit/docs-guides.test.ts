import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'mocha';
import { CLOUD_NAMES } from '../../fleet/clouds.ts';
import { POOL_ALARMS } from '../../fleet/pool-alarms.ts';
import { repositoryRoot } from '../../stacks/bundle.ts';

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');
const guide = read('docs/operators-guide.md');

/** What is written under one heading, up to the next of its rank. */
function section(title: string): string {
  const [, text] = guide.split(`\n### ${title}\n`);
  return text?.split(/\n#{2,3} /)[0] ?? assert.fail(`the operator's guide has no "${title}"`);
}

/** The names that a table begins its rows with. */
function rowsOf(text: string): string[] {
  return [...text.matchAll(/^\| (`[\w-]+`(?:, `[\w-]+`)*) \|/gm)].flatMap(([, names = '']) =>
    names.split(', ').map((name) => name.slice(1, -1)),
  );
}

/** Names in a source are written as they are told: in quotes. */
function namesIn(file: string, pattern: RegExp): string[] {
  const found = [...read(file).matchAll(pattern)].map(([, name = '']) => name);
  assert.ok(found.length > 0, `${file} has no such names any more: mend this test`);
  return found;
}

const OF_POOL = Object.keys(POOL_ALARMS);
const OF_NODES = namesIn('node-agent/core/alarms.ts', /(?:name: |failing\(\s*)'([\w-]+)'/g);
/** Alarms of a cloud that are not the pool's: of its functions. */
const OF_FUNCTIONS = [
  ...namesIn('stacks/aws/alarms.ts', /name: '([\w-]+)'/g),
  ...namesIn('stacks/azure/alerts.ts', /name: '([\w]+-[\w-]+)'|names\.alert\('([\w-]+)'\)/g),
  ...namesIn('stacks/azure/alerts.ts', /names\.alert\('(jobs-[\w-]+)'\)/g),
  ...namesIn('stacks/gcp/alerts.ts', /name: '([\w-]+)'/g),
  ...namesIn('stacks/digitalocean/alerts.ts', /^ {2,4}name: '([\w-]+)'/gm),
  ...namesIn('functions/digitalocean/health/judge.ts', /const \w+ = '([\w-]+)'/g),
].filter((name) => name !== '' && !OF_POOL.includes(name));

describe("the operator's guide", () => {
  it('knows alarms of all kinds', () => {
    for (const name of [
      'watcher-silent',
      'pruner-fails',
      'runbook-silent',
      'jobs-fail',
      'orchestrator-silent',
    ])
      assert.ok(OF_FUNCTIONS.includes(name), name);
    assert.ok(OF_NODES.length > 15, String(OF_NODES));
  });

  const tables: [string, readonly string[]][] = [
    ['Of the pool', OF_POOL],
    ['Of the functions', OF_FUNCTIONS],
    ['Of a node', OF_NODES],
  ];
  for (const [title, names] of tables) {
    const told = rowsOf(section(title));
    for (const name of new Set(names))
      it(`says what to do when ${name} calls (${title.toLowerCase()})`, () => assert.ok(told.includes(name)));
  }

  for (const title of ['Of the pool', 'Of a node']) {
    const known = title === 'Of the pool' ? OF_POOL : OF_NODES;
    it(`tells of no alarm that there is not (${title.toLowerCase()})`, () =>
      assert.deepEqual(
        rowsOf(section(title)).filter((name) => !known.includes(name)),
        [],
      ));
  }
});

/** As GitHub makes anchors of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('links in the documents', () => {
  const documents = [
    'README.md',
    ...readdirSync(join(repositoryRoot, 'docs')).map((file) => `docs/${file}`),
  ].filter((file) => file.endsWith('.md'));
  for (const file of documents) {
    it(`of ${file} lead somewhere`, () => {
      const links = [...read(file).matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/g)];
      const lost = links.filter(([, path = '', anchor]) => {
        const target = path === '' ? file : join(dirname(file), path);
        if (!existsSync(join(repositoryRoot, target))) return true;
        return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
      });
      assert.deepEqual(
        lost.map(([link]) => link),
        [],
      );
    });
  }
});

describe('commands in the documents', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const told = ['README.md', 'docs/operators-guide.md', 'docs/developers-guide.md', 'docs/troubleshooting.md']
    .map(read)
    .join('\n');

  it('are scripts that there are', () => {
    const typed = [...told.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name);
    assert.ok(typed.length > 5);
    assert.deepEqual(
      typed.filter((name) => !scripts.includes(name)),
      [],
    );
  });

  it('name clouds that there are', () => {
    const clouds = [...told.matchAll(/--cloud (\w+)/g)].map(([, name = '']) => name);
    assert.deepEqual(
      clouds.filter((name) => !CLOUD_NAMES.some((cloud) => cloud === name)),
      [],
    );
  });
});
