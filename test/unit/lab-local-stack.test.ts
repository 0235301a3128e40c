import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readLocalStackArguments } from '../../lab/local-stack/arguments.ts';
import { planGuests } from '../../lab/local-stack/guests.ts';

describe('npm run lab', () => {
  const wrong: [string, string[], RegExp][] = [
    ['no command', [], /what to do is missing: there is "up"/],
    ['another command', ['down'], /there is "up", and not "down"/],
    [
      'another cloud',
      ['up', '--cloud', 'moon'],
      /--cloud moon is not a cloud that has a twin; there is aws, azure, .* and \w+$/,
    ],
    ['a factor of 0', ['up', '--factor', '0'], /--factor 0 must be a whole number from 1 to 240/],
    ['an unknown flag', ['up', '--speed', '3'], /--speed/],
  ];
  for (const [given, argv, told] of wrong) {
    it(`tells what is wrong with ${given}`, () => {
      const read = readLocalStackArguments(argv, {});
      assert.ok(read.kind === 'wrong');
      assert.match(read.problem, told);
    });
  }

  it('goes up with what is told, and helps whoever asks', () => {
    assert.deepEqual(readLocalStackArguments(['up', '--factor', '30'], {}), {
      kind: 'go',
      arguments: { cloud: 'aws', factor: 30 },
    });
    assert.equal(readLocalStackArguments(['up', '--help'], {}).kind, 'help');
  });

  it('tells whoever forgot the -- of npm', () => {
    const read = readLocalStackArguments(['up'], { npm_config_cloud: 'gcp' });
    assert.match(read.kind === 'wrong' ? read.problem : '', /npm took --cloud for itself/);
  });

  it('has about as many people in calls at any time', () => {
    const { rooms } = planGuests();
    for (const atMs of [5_000, 61_000, 3_600_000]) {
      const people = rooms.flatMap((room) => room.people);
      const present = people.filter(({ joinMs, leaveMs }) => joinMs <= atMs && atMs < leaveMs).length;
      assert.ok(present >= 12 && present <= 15, `${present} at ${atMs}`);
    }
  });
});
