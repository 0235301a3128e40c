import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseListPage } from '../../fleet/aws/list-page.ts';
import { parseXml } from '../../fleet/xml.ts';

const escaped = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (mark) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }[mark]};`,
  );
const AT = '2026-11-22T03:00:00.000Z';
const object = (key: string) =>
  `<Contents><Key>${escaped(key)}</Key><LastModified>${AT}</LastModified><ETag>&quot;1&quot;</ETag><Size>9</Size></Contents>`;
const page = (objects: string, head = '<IsTruncated>false</IsTruncated>') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${head}${objects}</ListBucketResult>`;

describe('a page of a list of S3', () => {
  it('is read as any XML is', () =>
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[\w&<>"'+=?#%:/é.-]{1,12}$/), { maxLength: 9 }), (keys) => {
        const text = page(keys.map(object).join('\n'));
        const { ListBucketResult: whole } = parseXml(text, ['Contents']) as {
          ListBucketResult: { Contents?: { Key: string }[] };
        };
        const read = parseListPage(text);
        assert.deepEqual(
          read?.objects.map(({ Key }) => Key),
          keys,
        );
        assert.deepEqual(
          read?.objects.map(({ Key }) => Key),
          (whole.Contents ?? []).map(({ Key }) => Key),
        );
        assert.ok(read?.objects.every(({ LastModified }) => LastModified === AT));
      }),
    ));

  it('says where the next one begins', () => {
    const head = '<IsTruncated>true</IsTruncated><NextContinuationToken>1&amp;2</NextContinuationToken>';
    const { isTruncated, token } = parseListPage(page(object('a'), head)) ?? {};
    assert.deepEqual({ isTruncated, token }, { isTruncated: true, token: '1&2' });
  });

  const whole = page(object('a') + object('b'));
  for (const [what, text] of [
    ['nothing', ''],
    ['another thing', '<html><body>login</body></html>'],
    ['a page that breaks off between two objects', whole.slice(0, whole.indexOf('<Contents>', 200))],
    ['a page that breaks off in an object', whole.slice(0, -80)],
    ['a page without its last mark', whole.slice(0, -1)],
    ['an object without a key', page(`<Contents><LastModified>${AT}</LastModified></Contents>`)],
    ['an object without its time', page('<Contents><Key>a</Key></Contents>')],
    ['an object that is told otherwise', page(`${object('a')}<Contents own="1"><Key>b</Key></Contents>`)],
    ['a page that does not say whether it is the last', page(object('a'), '')],
  ] as const) {
    it(`${what} is none`, () => assert.equal(parseListPage(text), undefined));
  }
});
