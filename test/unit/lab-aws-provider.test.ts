import assert from 'node:assert/strict';
import * as rpc from '@pulumi/pulumi/runtime/rpc.js';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AWS_RULES } from '../../lab/aws/type-rules.ts';
import { changedMembers, compare } from '../../lab/cloud/changes.ts';
import { checkInputs, diffInputs, previewCreate, previewUpdate } from '../../lab/pulumi/provider/plan.ts';
import { NO_RULES } from '../../lab/pulumi/provider/type-rules.ts';
import {
  containsUnknown,
  isSame,
  plainProperties,
  readProperties,
  UNKNOWN,
  writeProperties,
} from '../../lab/pulumi/provider/wire.ts';

const GROUP = 'aws:autoscaling/group:Group';
const ROLE = 'aws:iam/role:Role';
const BUCKET = 'aws:s3/bucket:Bucket';
const TEMPLATE = 'aws:ec2/launchTemplate:LaunchTemplate';
const rulesOf = (type: string) => AWS_RULES[type] ?? NO_RULES;

describe('what the twin AWS says to a change, as its provider does', () => {
  const rows: [
    given: string,
    type: string,
    olds: Record<string, unknown>,
    news: Record<string, unknown>,
    then: [changed: string[], replaces: string[], first: boolean],
  ][] = [
    ['nothing new', GROUP, { name: 'g', maxSize: 3 }, { name: 'g', maxSize: 3 }, [[], [], false]],
    ['another size', GROUP, { name: 'g', maxSize: 3 }, { name: 'g', maxSize: 4 }, [['maxSize'], [], false]],
    ['another name', GROUP, { name: 'g' }, { name: 'h' }, [['name'], ['name'], false]],
    [
      'other first hooks',
      GROUP,
      { name: 'g' },
      { name: 'g', initialLifecycleHooks: [1] },
      [['initialLifecycleHooks'], ['initialLifecycleHooks'], true],
    ],
    [
      'user-data',
      TEMPLATE,
      { name: 't', userData: 'a' },
      { name: 't', userData: 'b' },
      [['userData'], [], false],
    ],
    [
      'another prefix of a name',
      BUCKET,
      { bucketPrefix: 'a-' },
      { bucketPrefix: 'b-' },
      [['bucketPrefix'], ['bucketPrefix'], false],
    ],
    [
      'a value that is not known yet',
      GROUP,
      { name: 'g', maxSize: 3 },
      { name: 'g', maxSize: UNKNOWN },
      [['maxSize'], [], false],
    ],
    [
      'a value that is gone',
      ROLE,
      { name: 'r', description: 'd' },
      { name: 'r' },
      [['description'], [], false],
    ],
  ];
  for (const [given, type, olds, news, [changed, replaces, deleteBeforeReplace]] of rows) {
    it(`${given} of ${type}`, () => {
      assert.deepEqual(diffInputs(rulesOf(type), olds, news), { changed, replaces, deleteBeforeReplace });
    });
  }

  it('fills in what is not given, and a name once given stays', () => {
    const first = checkInputs({ rules: rulesOf(ROLE), name: 'media-node', olds: {}, news: {}, seed: 'one' });
    assert.equal(first.path, '/');
    assert.match(String(first.name), /^media-node-[0-9a-f]{7}$/);
    const again = checkInputs({
      rules: rulesOf(ROLE),
      name: 'media-node',
      olds: first,
      news: {},
      seed: 'two',
    });
    assert.equal(again.name, first.name);
    const given = checkInputs({
      rules: rulesOf(ROLE),
      name: 'media-node',
      olds: {},
      news: { name: 'own' },
      seed: 'one',
    });
    assert.equal(given.name, 'own');
    const prefixed = checkInputs({
      rules: rulesOf(BUCKET),
      name: 'b',
      olds: {},
      news: { bucketPrefix: 'p-' },
      seed: 's',
    });
    assert.equal(prefixed.bucket, undefined);
  });

  it('previews as much as can be known', () => {
    assert.deepEqual(previewCreate({ name: 'g' }, { name: 'g-1', arn: 'arn:g' }), {
      name: 'g',
      arn: UNKNOWN,
    });
    const given = {
      config: { memory: '256Mi' },
      code: { [rpc.specialSigKey]: rpc.specialAssetSig, hash: 'h' },
    };
    const added = { config: { memory: '256Mi', uri: 'https://f' }, code: 'c', url: 'https://f' };
    assert.deepEqual(
      previewCreate(given, added),
      { ...given, config: { memory: '256Mi', uri: UNKNOWN }, url: UNKNOWN },
      'half of a member may be the cloud’s',
    );
    const news = { config: { memory: '512Mi' } };
    assert.deepEqual(
      previewUpdate(
        NO_RULES,
        { config: { ...given.config, uri: 'https://f' }, url: 'https://f' },
        given,
        news,
      ),
      { config: { memory: '512Mi', uri: 'https://f' }, url: 'https://f' },
      'what the cloud added stays',
    );
    const state = { name: 't', userData: 'a', arn: 'arn:t', latestVersion: 1, defaultVersion: 1 };
    const olds = { name: 't', userData: 'a' };
    assert.deepEqual(previewUpdate(rulesOf(TEMPLATE), state, olds, { name: 't', userData: 'b' }), {
      name: 't',
      userData: 'b',
      arn: 'arn:t',
      latestVersion: UNKNOWN,
      defaultVersion: UNKNOWN,
    });
  });
});

describe('values on their way to a provider', () => {
  const asset = (hash: string, text: string) => ({
    [rpc.specialSigKey]: rpc.specialAssetSig,
    hash,
    text,
  });

  it('arrive as they were sent', () => {
    const plain = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.oneof(fc.string(), fc.nat(), fc.boolean(), fc.array(fc.string())),
    );
    fc.assert(
      fc.property(plain, (properties) => {
        const read = readProperties(writeProperties(properties));
        assert.deepEqual(read, { ...properties });
      }),
    );
  });

  it('lose the mark of a secret, wherever it is', () => {
    const secret = { [rpc.specialSigKey]: rpc.specialSecretSig, value: ['hush'] };
    assert.deepEqual(readProperties(writeProperties({ a: { b: [secret] } })), { a: { b: [['hush']] } });
  });

  it('become contents where they are assets and archives', async () => {
    const archive = {
      [rpc.specialSigKey]: rpc.specialArchiveSig,
      hash: 'h',
      assets: { 'index.cjs': asset('1', 'code') },
    };
    const read = await plainProperties({ source: asset('1', 'text'), code: archive, name: 'n' }, '/nowhere');
    assert.deepEqual(read, {
      source: Buffer.from('text'),
      code: { 'index.cjs': Buffer.from('code') },
      name: 'n',
    });
  });

  it('are the same by their content, and null is nothing', () => {
    assert.ok(isSame({ a: asset('1', 'x') }, { a: asset('1', 'elsewhere') }));
    assert.ok(!isSame({ a: asset('1', 'x') }, { a: asset('2', 'x') }));
    assert.ok(isSame({ a: null }, {}));
    assert.ok(!isSame({ a: [1] }, { a: [1, 2] }));
  });

  it('tell what is not known, however deep', () => {
    assert.ok(containsUnknown({ a: [{ b: UNKNOWN }] }));
    assert.ok(!containsUnknown({ a: [{ b: 'known' }] }));
  });
});

describe('what becomes of a running twin', () => {
  it('is what came, what went and what changed, and of that only what is other', () => {
    const before = [
      { name: 'a', n: 1 },
      { name: 'b', n: 1 },
      { name: 'c', n: 1 },
    ];
    const after = [
      { name: 'b', n: 1 },
      { name: 'c', n: 2 },
      { name: 'd', n: 1 },
    ];
    assert.deepEqual(
      compare(before, after, ({ name }) => name),
      {
        added: [{ name: 'd', n: 1 }],
        changed: [{ before: { name: 'c', n: 1 }, after: { name: 'c', n: 2 } }],
        removed: [{ name: 'a', n: 1 }],
      },
    );
    assert.deepEqual(changedMembers({ name: 'g', min: 1, max: 3 }, { name: 'g', min: 1, max: 4 }), {
      max: 4,
    });
  });
});
