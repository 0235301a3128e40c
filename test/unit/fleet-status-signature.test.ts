import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  createStatusSigner,
  deriveStatusKey,
  type SignedStatus,
  verifyStatus,
} from '../../fleet/status-signature.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const NODE = 'ebbtide-media-0a1b2c3d';
const OTHER = 'ebbtide-media-99999999';
const OBJECT = `statuses/${NODE}.json`;
const BODY = '{"v":1}';
// Both by `openssl dgst -sha256 -hmac`, which nobody here wrote.
const KEY = '3d18a66aebdbbda7b1a50cfb5f2ee83d87ed60f0d1a3b152a932b73f46ba924e';
const SIGNATURE = 'd3adb98722a9046cd948422afdae6a8aa844e27b1920497089b28b823677f056';

const signed: SignedStatus = { node: NODE, objectKey: OBJECT, body: BODY, signature: SIGNATURE };

describe('signature of a status', () => {
  it('is an HMAC-SHA256 by a key that is one of the pool’s secret and the node’s name', () => {
    assert.equal(deriveStatusKey(SECRET, NODE), KEY);
    assert.equal(createStatusSigner(KEY)(OBJECT, BODY), SIGNATURE);
  });

  const rows: [string, Partial<SignedStatus>, string][] = [
    ['as it was signed', {}, 'right'],
    ['no signature', { signature: undefined }, 'none'],
    ['an empty signature', { signature: '' }, 'wrong'],
    ['the beginning of the signature', { signature: SIGNATURE.slice(0, 62) }, 'wrong'],
    ['more than the signature', { signature: `${SIGNATURE}00` }, 'wrong'],
    ['the signature, and a word', { signature: `${SIGNATURE}, x` }, 'wrong'],
    ['not hex at all', { signature: 'z'.repeat(64) }, 'wrong'],
    ['one bit more', { signature: SIGNATURE.replace(/6$/, '7') }, 'wrong'],
    ['another body', { body: '{"v":1} ' }, 'wrong'],
    ['the status of another node, as its own', { node: OTHER, objectKey: `statuses/${OTHER}.json` }, 'wrong'],
    ['in another place', { objectKey: `statuses/${OTHER}.json` }, 'wrong'],
    ['another name for the node', { node: OTHER }, 'wrong'],
    [
      'signed with another node’s key',
      { signature: createStatusSigner(deriveStatusKey(SECRET, OTHER))(OBJECT, BODY) },
      'wrong',
    ],
  ];
  for (const [what, change, expected] of rows) {
    it(`${what}: ${expected}`, () => assert.equal(verifyStatus(SECRET, { ...signed, ...change }), expected));
  }

  it('is wrong by the secret of another pool', () => {
    assert.equal(verifyStatus(`${SECRET}0`, signed), 'wrong');
  });

  it('is right for what was signed, and for nothing else', () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
    fc.assert(
      fc.property(name, fc.string(), name, fc.string(), (node, body, otherNode, otherBody) => {
        const objectKey = `statuses/${node}.json`;
        const signature = createStatusSigner(deriveStatusKey(SECRET, node))(objectKey, body);
        const word = { node: otherNode, objectKey: `statuses/${otherNode}.json`, body: otherBody, signature };
        assert.equal(verifyStatus(SECRET, { node, objectKey, body, signature }), 'right');
        const same = node === otherNode && body === otherBody;
        assert.equal(verifyStatus(SECRET, word), same ? 'right' : 'wrong');
      }),
    );
  });

  it('is not made of a secret that can be guessed, for nobody, or by what is no key', () => {
    assert.throws(() => deriveStatusKey('', NODE), /0 characters: it must have 32 or more/);
    assert.throws(() => deriveStatusKey(SECRET.slice(1), NODE), /31 characters/);
    assert.throws(() => deriveStatusKey(SECRET, ''), /name is empty/);
    for (const key of ['', SECRET, `${KEY}00`, KEY.toUpperCase(), '{{statusKey}}']) {
      assert.throws(() => createStatusSigner(key), { message: 'the status key must be 64 hex digits' });
    }
  });
});
