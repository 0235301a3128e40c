import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { borrowedProvider, notedProvider } from '../../providers/borrowed-group.ts';

const INPUTS = {
  code: 'aws/group-loan.ts',
  place: { group: 'their-media', region: 'eu-west-1' },
  access: { profile: 'old' },
  wanted: '{"mode":"new"}',
  before: '{"mode":"old"}',
  __provider: 'the text of these methods',
};

/** What of the repository's code was run, and on what. */
function providers(answer: (what: string) => unknown = () => undefined) {
  const ran: { file: string; function: string; state: unknown }[] = [];
  const code = async ({ file, ...task }: { file: string; function: string }, state: unknown) => {
    ran.push({ file, function: task.function, state });
    return answer(task.function);
  };
  return { ran, noted: { ...notedProvider, code }, borrowed: { ...borrowedProvider, code } };
}

const STATE = { group: 'their-media', region: 'eu-west-1', profile: 'old', wanted: INPUTS.wanted };

describe('the loan of a group, in the state of a stack', () => {
  it('is noted first, with what the group is to be', async () => {
    const { noted, ran } = providers(() => 'as it was');
    const { before: _before, ...inputs } = INPUTS;
    const { id, outs } = await noted.create(inputs);
    assert.deepEqual([id, outs], ['their-media', { ...inputs, before: 'as it was' }]);
    assert.deepEqual(ran, [
      { file: INPUTS.code, function: 'noteGroup', state: { ...STATE, before: undefined } },
    ]);
  });

  it('is given back by what was noted, also where it was never borrowed to the end, and tells what it leaves', async () => {
    const { noted, ran } = providers(() => ['the group keeps something']);
    const said: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (text) => said.push(String(text)) > 0;
    try {
      await noted.delete?.('their-media', INPUTS);
    } finally {
      process.stderr.write = write;
    }
    const state = { ...STATE, before: INPUTS.before };
    assert.deepEqual(ran, [{ file: INPUTS.code, function: 'giveBackGroup', state }]);
    assert.deepEqual(said, ['the group keeps something\n']);
  });

  const changes: [string, Partial<typeof INPUTS>, { changes: boolean; replaces?: string[] }][] = [
    ['nothing', {}, { changes: false }],
    ['another profile', { access: { profile: 'new' } }, { changes: true }],
    ['other code', { code: 'aws/other.ts' }, { changes: true }],
    ['other methods', { __provider: 'another text' }, { changes: true }],
    ['other rules', { wanted: '{"mode":"other"}' }, { changes: true }],
    [
      'another group',
      { place: { group: 'other', region: 'eu-west-1' } },
      { changes: true, replaces: ['place'] },
    ],
    [
      'a group of that name elsewhere',
      { place: { group: 'their-media', region: 'eu-west-2' } },
      { changes: true, replaces: ['place'] },
    ],
  ];
  for (const [what, changed, then] of changes) {
    it(`sees ${what}`, async () => {
      const { noted, borrowed, ran } = providers(() => true);
      const news = { ...INPUTS, ...changed };
      const { before: _before, ...inputs } = news;
      assert.deepEqual(await noted.diff?.('their-media', INPUTS, inputs), then);
      assert.deepEqual(await borrowed.diff?.('their-media', INPUTS, news), then);
      // Only where the stack's state says that all is as it was, the group itself is asked.
      assert.deepEqual(
        ran.map((each) => each.function),
        then.changes ? [] : ['isBorrowed'],
      );
    });
  }

  it('sees that the group has its rules no more', async () => {
    const { borrowed } = providers(() => false);
    assert.deepEqual(await borrowed.diff?.('their-media', INPUTS, INPUTS), { changes: true });
  });

  it('goes by a changed profile from then on, and keeps what was noted', async () => {
    const { noted, borrowed, ran } = providers();
    const { before: _before, ...news } = { ...INPUTS, access: { profile: 'new' } };
    const kept = await noted.update?.('their-media', INPUTS, news);
    assert.deepEqual(kept?.outs, { ...news, before: INPUTS.before });
    const changed = { ...news, before: INPUTS.before };
    assert.deepEqual((await borrowed.update?.('their-media', INPUTS, changed))?.outs, changed);
    await borrowed.delete?.('their-media', changed);
    const state = { ...STATE, profile: 'new', before: INPUTS.before };
    assert.deepEqual(ran, [
      { file: INPUTS.code, function: 'borrowGroup', state },
      { file: INPUTS.code, function: 'giveBackGroup', state },
    ]);
  });
});
