import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { describeError } from '../../fleet/error.ts';
import type { ObjectStore, RemovingStore, VersionedStore } from '../../fleet/object-store.ts';
import { signedStore } from '../../fleet/signed-store.ts';
import { createStatusSigner, SIGNATURE_METADATA } from '../../fleet/status-signature.ts';
import { fetchVerified, sha256Of } from '../../node-agent/boot/boot-source.ts';
import type { StoreServer } from '../support/store-server.ts';
import { STORES } from '../support/stores.ts';

for (const kind of STORES) {
  describe(`our store on somebody else's ${kind.name} (${kind.program})`, () => {
    let server: StoreServer | undefined;

    before(async function () {
      const program = kind.find();
      if (program === undefined) return this.skip();
      server = await kind.start(program);
      await server.createBucket('pool');
    });
    after(() => server?.stop());

    function store(bucket = 'pool'): ObjectStore | RemovingStore | VersionedStore {
      assert.ok(server);
      return server.store(bucket);
    }

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
      await assert.rejects(store('nowhere').get('memory/x.json'), (error: Error) =>
        ['memory', 'nowhere'].every((word) => describeError(error).includes(word)),
      );
      await assert.rejects(store('nowhere').put('memory/x.json', '{}'), /nowhere/);
      await assert.rejects(async () => {
        for await (const _ of store('nowhere').list('statuses/'));
      }, /nowhere/);
    });

    if (kind.replaces) {
      it('writes over what was read, and over nothing else', async () => {
        const versioned = store();
        assert.ok('replace' in versioned);
        const key = 'memory/shared.json';
        assert.equal(await versioned.replace(key, '1', undefined), true);
        assert.equal(await versioned.replace(key, 'another first', undefined), false);
        const version = (await versioned.get(key))?.version;
        assert.ok(version);
        const both = await Promise.all(['2', '3'].map((body) => versioned.replace(key, body, version)));
        assert.deepEqual(both.sort(), [false, true], 'one of two who have read the same');
        const { body, version: next } = (await versioned.get(key)) ?? {};
        assert.match(body ?? '', /^[23]$/);
        assert.notEqual(next, version);
        assert.equal(await versioned.replace('memory/none.json', '1', version), false, 'it is gone');
        await assert.rejects(async () => {
          const gone = store('nowhere');
          assert.ok('replace' in gone);
          await gone.replace(key, '1', undefined);
        });
      });
    }

    if (kind.keepsMetadata) {
      it('keeps words beside an object, which come and go with its content, and takes objects away', async () => {
        const keeping = store();
        assert.ok('remove' in keeping);
        const key = 'statuses/signed.json';
        const sign = createStatusSigner('a'.repeat(64));
        await signedStore(keeping, sign).put(key, '{"é":1}');
        assert.deepEqual((await keeping.get(key))?.metadata, { [SIGNATURE_METADATA]: sign(key, '{"é":1}') });
        await keeping.put(key, '{"é":2}');
        assert.deepEqual((await keeping.get(key))?.metadata, {});
        await keeping.remove(key);
        assert.equal(await keeping.get(key), undefined);
        await keeping.remove(key);
        const gone = store('nowhere');
        assert.ok('remove' in gone);
        await assert.rejects(gone.remove(key), /nowhere/);
      });
    }

    it('gives software only if it is what was pinned', async () => {
      await store().put('software/x', 'content');
      assert.ok(server);
      const files = server.files('pool');
      const sha256 = sha256Of(Buffer.from('content'));
      assert.equal((await fetchVerified(files, { key: 'software/x', sha256 })).toString(), 'content');
      await assert.rejects(
        fetchVerified(files, { key: 'software/x', sha256: 'abc' }),
        /not what was deployed/,
      );
      await assert.rejects(
        fetchVerified(files, { key: 'software/y', sha256 }),
        /software\/y is not in .*pool/,
      );
    });
  });
}
