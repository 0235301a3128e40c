import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Applied, applyProgram } from '../../lab/aws/apply.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import type { MediaDriver, MediaNode, Participant } from '../../lab/media/driver.ts';
import { REHEARSED } from '../../lab/rehearsal/clouds.ts';
import { type Provisioned, provision } from '../../lab/rehearsal/provision.ts';
import { FleetRig } from '../support/fleet-rig.ts';
import { SignalFront } from '../support/signal-front.ts';

/** An hour of the cloud is a minute. */
const FACTOR = 60;
const ON_AWS = { ...REHEARSED.aws, apply: applyProgram };
/** What a busy machine keeps back comes by then. That nobody had to connect anew is looked at beside it. */
const LONGEST_GAP_MS = 3_000;
/** What was heard is told a moment later. */
const TOLD_LATER_MS = 2_000;
/** Sound comes in pieces of 60 ms. Most arrive, also where three servers and six clients share two processors with others. */
const PIECE_MS = 60;
const MOST = 0.6;
/** Twice as long as LiveKit takes between two looks at whether a draining node is empty. */
const TALK_MS = 10_000;

interface Talk {
  node: MediaNode & { id: string };
  room: string;
  people: Participant[];
  /** From here on nobody may be silent. */
  since: number;
  /** What the first of them had heard by then. */
  heardBefore: number;
}

describe('real LiveKit servers with real WebRTC clients (livekit-server, redis-server)', () => {
  let provisioned: Provisioned<Applied>;
  let fleet: FleetRig;

  before(async function () {
    const livekitServer = process.env.EBBTIDE_LIVEKIT_SERVER ?? findProgram('livekit-server');
    if (livekitServer === undefined || findProgram('redis-server') === undefined) return this.skip();
    provisioned = await provision({ media: 'livekit', livekitServer, factor: FACTOR, seed: 1 }, ON_AWS);
  });
  after(() => provisioned?.close());
  afterEach(() => fleet?.close());

  it('the group shrinks from three to one while people talk, and nobody notices', async () => {
    const driver = provisioned.drivers.ebbtide;
    fleet = new FleetRig(provisioned.applied.ebbtide.model, driver, FACTOR);
    await fleet.start(3);
    const talks = await standing(driver);
    await fleet.until('all of them are known', () =>
      fleet.inService().every((id) => fleet.status(id)?.work?.people === 2),
    );

    fleet.twin.setDesiredCapacity(1);
    await fleet.until('two are signalled', () => victims(talks).filter(isSignalled).length === 2);
    const [first, second] = victims(talks);
    const stays = talks.find((talk) => !victims(talks).includes(talk));
    assert.ok(first !== undefined && second !== undefined && stays !== undefined);

    const front = await SignalFront.start(() => (isUp(first) ? first.node : stays.node));
    try {
      // Who is invited to a call comes in late as well; and one's signalling only passes through a node that leaves.
      const late = await driver.join(first.node, first.room, 'late');
      first.people.push(late);
      const passing = await driver.join(front, stays.room, 'passing');
      await hear([late, passing]);
      await sleep(TALK_MS);
      assert.deepEqual(
        [first, second].map(isUp),
        [true, true],
        'two looks later both still carry their calls',
      );

      await hangUp(first);
      await fleet.until('the first is gone', () => fleet.stateOf(first.node.id) === 'Terminated');
      assert.ok(isUp(second));
      await hangUp(second);
      await fleet.until('the second is gone', () => fleet.stateOf(second.node.id) === 'Terminated');
      await sleep(TALK_MS);
      const { longestGapMs, silentForMs } = passing.heard();
      assert.ok(
        Math.max(longestGapMs, silentForMs) < LONGEST_GAP_MS,
        `its media stopped for ${longestGapMs} ms`,
      );
      await passing.hangUp();
      assert.deepEqual(await passing.ended, { kind: 'hung-up' });
      await hangUp(stays);
    } finally {
      front.close();
    }
    assert.deepEqual(fleet.twin.leaked(), []);
    assert.deepEqual(fleet.twin.refused(), []);
  });

  it('without Ebbtide the same scale-in cuts them', async () => {
    const driver = provisioned.drivers.control;
    fleet = new FleetRig(provisioned.applied.control.model, driver, FACTOR, 'control');
    await fleet.start(3);
    const talks = await standing(driver);

    fleet.twin.setDesiredCapacity(1);
    await fleet.until('two are gone', () => victims(talks).length === 2 && !victims(talks).some(isUp));
    for (const { node, people } of victims(talks)) {
      assert.ok(node.takenAway());
      await fleet.until('their clients try in vain', () => people.every((person) => person.reconnects() > 0));
      await Promise.all(people.map((person) => person.hangUp()));
      for (const person of people) assert.deepEqual(await person.ended, { kind: 'connection-lost' });
    }
    for (const talk of talks.filter(isUp)) await hangUp(talk);
  });

  /** Two people on each node, each connected to the node that owns their room; resolves when all talks stand. */
  async function standing(driver: MediaDriver): Promise<Talk[]> {
    const opened = await Promise.all(
      fleet.inService().map(async (id) => {
        const room = `room-on-${id}`;
        const node = await driver.openRoom([fleet.machine(id)], room);
        return {
          node,
          room,
          people: await Promise.all(['ada', 'bob'].map((name) => driver.join(node, room, name))),
        };
      }),
    );
    await hear(opened.flatMap(({ people }) => people));
    const since = performance.now();
    return opened.map((talk) => ({ ...talk, since, heardBefore: talk.people[0]?.heard().frames ?? 0 }));
  }

  /** They hear the others. A busy machine takes a moment of silence to make their connections, and it counts no more. */
  async function hear(people: readonly Participant[]): Promise<void> {
    await fleet.until('they hear each other', () => people.every((person) => person.heard().frames > 10));
    for (const person of people) person.listenAnew();
  }

  function victims(talks: Talk[]): Talk[] {
    return talks.filter(({ node }) => fleet.stateOf(node.id).startsWith('Terminat'));
  }

  function isSignalled({ node }: Talk): boolean {
    return fleet.logged(node.id, 'media-signalled') === 1;
  }

  function isUp({ node }: Talk): boolean {
    return fleet.twin.instances().some(({ id, running }) => id === node.id && running);
  }

  /** All of them hang up, by their own will: until then there was no break and no silence. */
  async function hangUp({ people, room, since, heardBefore }: Talk): Promise<void> {
    const [ada] = people;
    const pieces = (performance.now() - since - TOLD_LATER_MS) / PIECE_MS;
    const heard = (ada?.heard().frames ?? 0) - heardBefore;
    assert.ok(heard > MOST * pieces, `${room}: ${heard} of ${pieces} pieces heard`);
    for (const person of people) {
      const { longestGapMs, silentForMs } = person.heard();
      assert.ok(
        longestGapMs < LONGEST_GAP_MS,
        `${person.identity} in ${room}: silence of ${longestGapMs} ms`,
      );
      assert.ok(silentForMs < LONGEST_GAP_MS, `${person.identity} in ${room}: silent for ${silentForMs} ms`);
    }
    await Promise.all(people.map((person) => person.hangUp()));
    for (const person of people) {
      assert.deepEqual(await person.ended, { kind: 'hung-up' });
      assert.equal(person.reconnects(), 0, `${person.identity} in ${room} had to reconnect`);
    }
  }
});
