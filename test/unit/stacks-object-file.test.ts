import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sha256Of } from '../../stacks/bundle.ts';
import { objectFile } from '../../stacks/object-file.ts';
import { type Answer, type LocalServer, startLocalServer } from './support/local-server.ts';

const CONTENT = 'the server';
const SUM = sha256Of(CONTENT);

describe('a file for an object', () => {
  let folder: string;
  let server: LocalServer;
  let answer: Answer;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-object-'));
    answer = { status: 200, body: CONTENT };
    server = await startLocalServer(() => answer);
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const remote = () => new pulumi.asset.RemoteAsset(`${server.url}/livekit.tar.gz`);

  it('is the operator’s own, where it is one', async () => {
    const asset = new pulumi.asset.FileAsset('/x/livekit');
    assert.equal(await objectFile(asset, SUM, { folder, fetch: true }), '/x/livekit');
    assert.deepEqual(await readdir(folder), []);
  });

  it('holds text', async () => {
    const asset = new pulumi.asset.StringAsset(CONTENT);
    const path = await objectFile(asset, SUM, { folder, fetch: true });
    assert.equal(await readFile(path, 'utf8'), CONTENT);
  });

  it('is fetched once, and under the same path that a preview tells', async () => {
    const told = await objectFile(remote(), SUM, { folder, fetch: false });
    assert.deepEqual(await readdir(folder), []);
    assert.equal(server.requests.length, 0);
    for (let round = 0; round < 2; round += 1)
      assert.equal(await objectFile(remote(), SUM, { folder, fetch: true }), told);
    assert.equal(await readFile(told, 'utf8'), CONTENT);
    assert.equal(server.requests.length, 1);
  });

  const failures: [string, Answer, RegExp][] = [
    [
      'that is another one',
      { status: 200, body: 'another' },
      new RegExp(`^ebbtide:media\\.artifact\\.sha256 is ${SUM}: but http.*has ${sha256Of('another')}`),
    ],
    [
      'that is gone',
      { status: 404 },
      /^ebbtide:media\.artifact\.url is "http.*": it cannot be fetched: HTTP 404$/,
    ],
    ['that does not come', 'reset', /it cannot be fetched: /],
  ];
  for (const [what, given, error] of failures) {
    it(`${what} is refused, and leaves nothing behind`, async () => {
      answer = given;
      await assert.rejects(objectFile(remote(), SUM, { folder, fetch: true }), (cause: Error) => {
        assert.match(cause.message, error);
        return true;
      });
      assert.deepEqual(await readdir(folder), []);
    });
  }
});
