import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { awsFiles } from '../../node-agent/boot/aws-source.ts';
import { fetchVerified } from '../../node-agent/boot/boot-source.ts';
import { findMoto, type Moto, startMoto } from '../support/moto.ts';

describe("the S3 store on somebody else's S3 (moto: EBBTIDE_MOTO_SERVER, or moto_server in PATH)", function () {
  this.timeout(60_000);
  let moto: Moto | undefined;
  let client: AwsClient;

  before(async function () {
    const program = findMoto();
    if (program === undefined) return this.skip();
    moto = await startMoto(program);
    await moto.createBucket('pool');
    client = moto.client();
  });
  after(() => moto?.stop());

  const store = () => createS3Store({ client, bucket: 'pool' });

  it('reads and lists keys of every sort as they were written, with their age', async () => {
    const keys = [' +&é', '=?#%20', "'()*!", 'A:b', 'a&amp;b', 'a/b//c']
      .map((name) => `many/${name}.json`)
      .sort();
    await Promise.all(keys.map((key) => store().put(key, JSON.stringify({ key }))));
    const pages: string[][] = [];
    for await (const page of store().list('many/')) pages.push(page.map(({ key }) => key));
    assert.deepEqual(pages, [keys]);
    for (const key of keys) {
      const object = await store().get(key);
      assert.equal(object?.body, JSON.stringify({ key }));
      assert.ok(object.ageMs < 10_000);
    }
  });

  it('tells an absent object from an absent bucket', async () => {
    assert.equal(await store().get('memory/none.json'), undefined);
    await assert.rejects(createS3Store({ client, bucket: 'nowhere' }).get('x'), /NoSuchBucket/);
    await assert.rejects(createS3Store({ client, bucket: 'nowhere' }).put('x', '{}'), /no bucket nowhere/);
  });

  it('gives software only if it is what was pinned', async () => {
    await store().put('software/x', 'content');
    const source = { kind: 'aws', region: 'eu-west-1', bucket: 'pool', parameters: {} } as const;
    await assert.rejects(
      fetchVerified(awsFiles(client, source), { key: 'software/x', sha256: 'abc' }),
      /not what was deployed/,
    );
  });
});
