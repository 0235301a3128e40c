import assert from 'node:assert/strict';
import { type Candidate, chooseNode } from '../../lab/media/choose-node.ts';
import type { MediaNode } from '../../lab/media/driver.ts';
import { Listening } from '../../lab/media/listening.ts';
import { decodeNode } from '../../lab/media/livekit-registry.ts';
import { readConfig } from '../../lab/media/twin-livekit/config.ts';
import { WakingClock } from '../../lab/media/waking-clock.ts';

describe('lab media: what is heard', () => {
  it('remembers the longest silence between two sounds, and how old the present one is', () => {
    let now = 0;
    const listening = new Listening(() => now);
    for (now of [1_000, 1_060, 1_500, 1_560]) listening.sound();
    now = 1_600;
    assert.deepEqual(listening.heard(), { frames: 4, longestGapMs: 440, silentForMs: 40 });
  });

  it('silence before anybody speaks, and when nobody else is left, is no gap', () => {
    let now = 0;
    const listening = new Listening(() => now);
    now = 5_000;
    assert.deepEqual(listening.heard(), { frames: 0, longestGapMs: 0, silentForMs: 0 });
    listening.sound();
    listening.alone();
    now = 60_000;
    listening.sound();
    assert.deepEqual(listening.heard(), { frames: 2, longestGapMs: 0, silentForMs: 0 });
  });

  it('what was silent while a call came about is forgotten, and what is silent from there on is not', () => {
    let now = 0;
    const listening = new Listening(() => now);
    for (now of [1_000, 3_000]) listening.sound();
    now = 3_200;
    listening.anew();
    assert.deepEqual(listening.heard(), { frames: 2, longestGapMs: 0, silentForMs: 0 });
    now = 3_500;
    listening.sound();
    now = 4_700;
    assert.deepEqual(listening.heard(), { frames: 3, longestGapMs: 300, silentForMs: 1_200 });
  });

  it('one who listens anew and has heard nobody yet is not silent', () => {
    const listening = new Listening(() => 1_000);
    listening.anew();
    assert.deepEqual(listening.heard(), { frames: 0, longestGapMs: 0, silentForMs: 0 });
  });
});

describe('lab media: the clock of a process that listens', () => {
  const rows: [what: string, looks: number[], awakeMs: number][] = [
    ['counts the time in which it runs', [20, 40, 60, 200], 200],
    ['counts a tick that is late, as on a busy machine', [20, 190], 190],
    ['leaves out a stretch in which it did not run', [20, 1_920, 1_940], 60],
    ['leaves out each such stretch', [500, 1_000, 1_010], 50],
  ];
  for (const [what, looks, awakeMs] of rows) {
    it(what, () => {
      let now = 0;
      const clock = new WakingClock(() => now);
      clock.stop();
      for (now of looks) clock.now();
      assert.equal(clock.now(), awakeMs);
    });
  }
});

describe('lab media: where a new room goes', () => {
  const node = (id: string): MediaNode => ({
    id,
    host: '127.0.0.1',
    signalPort: 1,
    metricsPort: 2,
    takenAway: () => false,
  });
  const takes = (id: string, rooms: number, people: number): Candidate<string> => ({
    kind: 'takes',
    place: id,
    rooms,
    people,
  });
  const silent = (id: string): Candidate<string> => ({
    kind: 'does-not-take',
    node: node(id),
    why: 'gave no answer',
  });
  const rows: [what: string, candidates: Candidate<string>[]][] = [
    ['fewest rooms', [takes('a', 2, 1), takes('b', 1, 9)]],
    ['fewest people where rooms are as many', [takes('a', 1, 9), takes('b', 1, 3)]],
    ['one that answers', [silent('a'), takes('b', 7, 7)]],
  ];
  for (const [what, candidates] of rows) {
    it(`the node with the ${what}`, async () =>
      assert.equal(await chooseNode('room', async () => candidates), 'b'));
  }

  it('where all are late for a moment, it is asked again', async () => {
    const answers = [
      [silent('a'), silent('b')],
      [silent('a'), takes('b', 0, 0)],
    ];
    assert.equal(await chooseNode('room', async () => answers.shift() ?? []), 'b');
    assert.deepEqual(answers, []);
  });

  it('where nobody takes it, it says what each one said', () =>
    assert.rejects(
      chooseNode('room', async () => [silent('a'), silent('b')], 0),
      /no node takes room: of 2 none is serving \(a gave no answer; b gave no answer\)/,
    ));
});

describe('lab media: LiveKit’s registry', () => {
  const stats = [0x08, 0x05, 0x10, ...[0x80, 0xa8, 0xd6, 0xb9, 0x06], 0x71, ...new Array<number>(8).fill(0)];
  const node = (state: number) =>
    Buffer.from([0x0a, 2, 0x4e, 0x44, 0x18, 4, 0x22, stats.length, ...stats, 0x30, state, 0x3a, 1, 0x78]);
  const rows: [state: number, serving: boolean][] = [
    [0, false],
    [1, true],
    [2, false],
  ];
  for (const [state, serving] of rows) {
    it(`state ${state} is ${serving ? '' : 'not '}serving`, () =>
      assert.deepEqual(decodeNode(node(state)), { id: 'ND', serving, updatedAt: 1_731_564_544_000 }));
  }

  it('a message that ends too early is an error, not a node', () =>
    assert.throws(() => decodeNode(Buffer.from([0x08, 0x80])), /ends too early/));
});

describe('lab media: the twin’s configuration', () => {
  it('is LiveKit’s own, with its defaults', () => {
    const config = readConfig(
      'keys: {a: b}\nrtc: {udp_port: 50000-60000, tcp_port: 7881}\nlogging: {level: debug}\n',
    );
    assert.deepEqual(config, {
      signalPort: 7880,
      addresses: [''],
      metricsPort: 0,
      emptyTimeoutMs: 300_000,
      departureTimeoutMs: 20_000,
    });
  });
  const refused: [what: string, text: string, says: RegExp][] = [
    ['no keys', 'port: 7880', /one of key-file or keys must be provided/],
    ['a port out of range', 'port: 99999\nkeys: {a: b}', /65535/],
    ['text that is no YAML', 'port: [', /./],
  ];
  for (const [what, text, says] of refused) {
    it(`does not take ${what}`, () => assert.throws(() => readConfig(text), says));
  }
});
