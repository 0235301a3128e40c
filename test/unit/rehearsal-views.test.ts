import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { NOTHING_TOLD, newLines } from '../../lab/rehearsal/lines.ts';
import type { NodePicture, Picture } from '../../lab/rehearsal/picture.ts';
import { screen } from '../../lab/rehearsal/screen.ts';

function node(id: string, more: Partial<NodePicture> = {}): NodePicture {
  return { id, zone: 'a', phase: 'serving', rooms: 2, people: 5, cpu: 40, ...more };
}

const run = {
  mode: 'ebbtide',
  desired: 2,
  min: 1,
  max: 3,
  rooms: 4,
  people: 10,
  callsCut: 0,
  callsLost: 0,
} as const;
const picture: Picture = {
  elapsedMs: 65_000,
  startedAt: 1_000,
  title: 'Ebbtide rehearsal',
  act: 'noon: long calls begin',
  runs: [
    {
      ...run,
      nodes: [
        node('i-0aaaaaaaaaaaaaaa1'),
        node('i-0bbbbbbbbbbbbbbb2', { phase: 'draining', drainingMs: 12_400 }),
      ],
    },
    { ...run, mode: 'control', callsCut: 6, nodes: [node('i-0ccccccccccccccc3', { phase: 'gone' })] },
  ],
  news: Array.from({ length: 100 }, (_, index) => ({
    at: 1_000 + index * 100,
    mode: 'ebbtide' as const,
    tone: 'plain' as const,
    text: `news number ${index} ${'and more '.repeat(30)}`,
  })),
};

describe('screen of a rehearsal', () => {
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10 },
    { columns: 200, rows: 60 },
  ]) {
    it(`fits into ${size.columns} × ${size.rows}`, () => {
      const lines = screen(picture, size).map(stripVTControlCharacters);
      assert.ok(lines.length < size.rows);
      for (const line of lines) assert.ok(line.length < size.columns, line);
    });
  }

  for (const columns of [40, 60, 79, 80, 120]) {
    it(`shows what was cut and lost in ${columns} columns`, () => {
      const runs = picture.runs.map((each) => ({ ...each, callsLost: 3, rooms: 100, people: 400 }));
      const lines = screen({ ...picture, runs }, { columns, rows: 24 }).map(stripVTControlCharacters);
      assert.match(lines.find((line) => line.startsWith('WITH EBBTIDE')) ?? '', /0 cut +3 lost/);
      assert.match(lines.find((line) => line.startsWith('WITHOUT')) ?? '', /6 cut +3 lost/);
    });
  }

  it('shows each node with its phase and people, what was cut, and the latest news', () => {
    const text = screen(picture, { columns: 120, rows: 30 }).map(stripVTControlCharacters).join('\n');
    assert.match(text, /i-…aaa1 +serving +2 rooms +5 people/);
    assert.match(text, /i-…bbb2 +draining 12 s/);
    assert.match(text, /i-…ccc3 +gone/);
    assert.match(text, /WITH EBBTIDE.* 0 cut/);
    assert.match(text, /WITHOUT.* 6 cut/);
    assert.match(text, /news number 99/);
    assert.doesNotMatch(text, /news number 10 /);
  });
});

describe('lines of a rehearsal', () => {
  it('tell each thing once, and a summary every few seconds', () => {
    const first = newLines(picture, NOTHING_TOLD);
    assert.equal(first.lines.length, 104);
    assert.equal(first.lines[0], picture.title);
    assert.match(
      first.lines.at(-2) ?? '',
      /^1:05 {2}with Ebbtide {2}1 serving, 1 draining; 4 rooms, 10 people, 0 cut$/,
    );
    assert.match(first.lines.at(-1) ?? '', /^1:05 {2}without {7}no nodes; 4 rooms, 10 people, 6 cut$/);
    const next = newLines({ ...picture, elapsedMs: 66_000 }, first.told);
    assert.deepEqual(next.lines, []);
    const later = newLines({ ...picture, elapsedMs: 70_000, act: 'night' }, next.told);
    assert.deepEqual(later.lines.length, 3);
  });
});
