import assert from 'node:assert/strict';
import { AwsV4Signer } from 'aws4fetch';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { encodeKey } from '../../fleet/aws/bucket-url.ts';
import { createSigner } from '../../fleet/aws/sign.ts';

const NOW = Date.parse('2026-03-01T12:34:56.789Z');
const DATETIME = '20260301T123456Z';
const KEYS = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
  sessionToken: 'to//ken+==',
};

/** What another implementation signs for the same request. */
async function signedElsewhere(
  service: string,
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string,
) {
  const sent = createSigner('eu-west-1')({ service, method, url: new URL(url), headers, body }, KEYS, NOW);
  const signer = new AwsV4Signer({
    ...KEYS,
    service,
    region: 'eu-west-1',
    method,
    url,
    headers: { ...headers, 'x-amz-content-sha256': sent['x-amz-content-sha256'] ?? '' },
    ...(body === '' ? {} : { body }),
    datetime: DATETIME,
  });
  return { sent, theirs: (await signer.sign()).headers };
}

describe('signing of AWS requests', () => {
  const rows: [string, string, string, Record<string, string>, string][] = [
    [
      's3',
      'GET',
      'https://b.s3.eu-west-1.amazonaws.com/?list-type=2&prefix=statuses%2F&continuation-token=1a%2B%2F%3D',
      {},
      '',
    ],
    ['s3', 'GET', 'https://b.s3.eu-west-1.amazonaws.com/?list=1&list-type=2', {}, ''],
    [
      's3',
      'PUT',
      'https://b.s3.eu-west-1.amazonaws.com/statuses/AROAX%3Ai-1.json',
      { 'content-type': 'application/json' },
      '{"ü":1}',
    ],
    [
      'autoscaling',
      'POST',
      'http://127.0.0.1:4566/',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Action=X&Version=1',
    ],
    [
      'ssm',
      'POST',
      'https://ssm.eu-west-1.amazonaws.com/',
      { 'x-amz-target': 'AmazonSSM.GetParameters' },
      '{}',
    ],
  ];
  for (const [service, method, url, headers, body] of rows) {
    it(`is what another implementation signs: ${service} ${method} ${new URL(url).pathname}`, async () => {
      const { sent, theirs } = await signedElsewhere(service, method, url, headers, body);
      assert.equal(sent.authorization, theirs.get('authorization'));
      assert.equal(sent['x-amz-security-token'], KEYS.sessionToken);
    });
  }

  it('holds for any key of the bucket', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), async (name) => {
        const url = `https://b.s3.eu-west-1.amazonaws.com/statuses/${encodeKey(`x${name}`.replaceAll('+', '_'))}`;
        const { sent, theirs } = await signedElsewhere('s3', 'GET', url, {}, '');
        assert.equal(sent.authorization, theirs.get('authorization'));
      }),
      { numRuns: 50 },
    );
  });

  it('derives a new key for a new day and for new credentials', () => {
    const sign = createSigner('eu-west-1');
    const request = { service: 's3', method: 'GET', url: new URL('https://b/x'), headers: {}, body: '' };
    const fresh = (keys: typeof KEYS, at: number) =>
      createSigner('eu-west-1')(request, keys, at).authorization;
    const other = { ...KEYS, secretAccessKey: 'other' };
    for (const [keys, at] of [
      [KEYS, NOW],
      [other, NOW],
      [other, NOW + 86_400_000],
      [KEYS, NOW],
    ] as const) {
      assert.equal(sign(request, keys, at).authorization, fresh(keys, at));
    }
  });
});
