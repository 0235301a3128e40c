import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { randomTextProvider } from '../../providers/random-text.ts';

const fixed = (to: string) => ({ to, otherwise: `is "${to}": it was {was}` });
const drawn = { bytes: 4, text: undefined };

describe('random text', () => {
  const failuresOf = async (olds: object, news: object) => {
    const properties = (given: object) => ({ ...drawn, ...given });
    const { failures = [] } = (await randomTextProvider.check?.(properties(olds), properties(news))) ?? {};
    return failures.map(({ reason }) => reason);
  };

  const rows: [string, object, object, string[]][] = [
    ['of anything', {}, {}, []],
    ['of a place, at first', {}, { fixed: fixed('fra1') }, []],
    ['of the same place', { fixed: fixed('fra1') }, { fixed: fixed('fra1') }, []],
    ['of another place', { fixed: fixed('fra1') }, { fixed: fixed('ams3') }, ['is "ams3": it was fra1']],
  ];
  for (const [what, olds, news, failures] of rows) {
    it(`is ${failures.length === 0 ? 'taken' : 'refused'}: ${what}`, async () => {
      assert.deepEqual(await failuresOf(olds, news), failures);
    });
  }

  it('is as long as it was asked for, and another each time', async () => {
    const { outs } = await randomTextProvider.create({ ...drawn, fixed: fixed('fra1') });
    assert.match(outs.text, /^[0-9a-f]{8}$/);
    assert.deepEqual(outs.fixed, fixed('fra1'));
    assert.notEqual((await randomTextProvider.create(drawn)).outs.text, outs.text);
  });
});
