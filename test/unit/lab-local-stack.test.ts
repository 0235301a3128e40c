import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { readLocalStackArguments } from '../../lab/local-stack/arguments.ts';
import { planGuests } from '../../lab/local-stack/guests.ts';
import { createWatch } from '../../lab/local-stack/watch.ts';

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

  it('tells of alarms, and once of what a function finds, and keeps what functions write', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebbtide-watch-'));
    try {
      const told: string[] = [];
      const file = join(folder, 'functions.log');
      const watch = createWatch({ file, say: (text) => told.push(text) });
      const log = (at: number, line: string) =>
        watch({ kind: 'function-log', function: 'pruner', line, at, cloudMs: at });
      const alarm = (from: string, to: string) =>
        watch({ kind: 'alarm', name: 'media-stale', from, to, at: 0, cloudMs: 0 });
      const found = JSON.stringify({
        level: 'warn',
        event: 'found-stale',
        node: 'n-1',
        text: 'last heard of 80 s ago',
      });
      alarm('INSUFFICIENT_DATA', 'OK');
      alarm('OK', 'ALARM');
      log(0, found);
      log(1_000, found);
      log(2_000, JSON.stringify({ level: 'info', event: 'pruner', Nodes: 2 }));
      log(3_000, 'no JSON');
      log(62_000, found);
      const once = 'pruner: found-stale: n-1: last heard of 80 s ago';
      assert.deepEqual(told, ['alarm media-stale: OK → ALARM', once, once]);
      assert.equal(readFileSync(file, 'utf8').split('\n').length, 6);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
