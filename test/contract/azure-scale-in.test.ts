import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parse } from 'valibot';
import type { ScaleInSettings } from '../../fleet/azure-function-settings.ts';
import { type Decision, decisionSchema } from '../../fleet/decision.ts';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { AzureStandIn, type Instance } from '../support/azure-stand-in.ts';
import { type RunbookEnd, runRunbook, settingsFor, startRunbook } from '../support/runbook.ts';

const HOUR_MS = 3_600_000;

describe('the scale-in runbook, as a job', function () {
  this.timeout(30_000);
  let azure: AzureStandIn;

  before(function () {
    if (!hasPython()) this.skip();
  });
  beforeEach(async () => {
    azure = await AzureStandIn.start();
    lowFor(HOUR_MS);
  });
  afterEach(() => azure.close());

  function at(msAgo: number): string {
    return new Date(Date.now() - msAgo).toISOString();
  }

  /** What earlier runs remember: few were needed since then. */
  function lowFor(ms: number, { needed = 1, size = 100, unseenMs = 60_000 } = {}): void {
    azure.write('memory/scale-in.json', {
      v: 1,
      low: { since: at(ms), seenAt: at(unseenMs), needed, size },
    });
  }

  function statusOf({ name, vmId }: Instance, changed: Partial<NodeStatus> = {}): NodeStatus {
    return {
      v: 1,
      node: name,
      machine: vmId.toLowerCase(),
      pool: 'media',
      cloud: 'azure',
      zone: '1',
      address: '10.0.0.1',
      software: { agent: '1.0.0' },
      phase: 'serving',
      since: at(HOUR_MS),
      at: at(0),
      bootedAt: at(2 * HOUR_MS),
      work: { ...NO_WORK, rooms: 1, people: 2 },
      capacity: null,
      load: null,
      cpu: 0.05,
      protected: false,
      media: [],
      ...changed,
    };
  }

  function serve(id: string, changed: Partial<NodeStatus> = {}, instance: Partial<Instance> = {}): Instance {
    const added = azure.add(id, instance);
    azure.tell(statusOf(added, changed));
    return added;
  }

  function decide({ name, vmId }: Instance, changed: Partial<Decision> = {}): Decision {
    const decision: Decision = {
      v: 1,
      id: `d-${name}`,
      node: name,
      machine: vmId,
      pool: 'media',
      at: at(HOUR_MS),
      by: 'runbook',
      cause: 'scale-in',
      intent: 'leave',
      reason: 'empty',
      ...changed,
    };
    azure.write(`decisions/${name}.json`, decision);
    return decision;
  }

  /** Decided an hour ago, drained, and empty now. */
  function empty(id: string, changed: Partial<NodeStatus> = {}, instance: Partial<Instance> = {}): Instance {
    const added = azure.add(id, instance);
    const { at, by, cause, intent, id: decision } = decide(added);
    const said = { id: decision, by, cause, intent, at };
    azure.tell(statusOf(added, { phase: 'empty', work: NO_WORK, decision: said, ...changed }));
    return added;
  }

  async function run(changed: Partial<ScaleInSettings> = {}): Promise<RunbookEnd> {
    const ended = await runRunbook(azure, settingsFor(azure, changed));
    assert.deepEqual(azure.wrong, []);
    assert.equal(ended.stderr, '');
    return ended;
  }

  function found(ended: RunbookEnd, name: string): string {
    const line = ended.log.find(({ event }) => event === `found-${name}`);
    assert.ok(line, `no finding ${name}: ${JSON.stringify(ended.log)}`);
    return String(line.text);
  }
  function failures(ended: RunbookEnd): string {
    assert.equal(ended.code, 1);
    return JSON.stringify(ended.log.at(-1)?.failures);
  }
  const decided = () => azure.decisions().map(({ node }) => node);

  describe('decides', () => {
    it('the emptiest, over every page, and remembers it first', async () => {
      for (const id of ['0', '1', '2', '3', '4']) serve(id, { work: { ...NO_WORK, rooms: 9 - Number(id) } });
      const { code, log } = await run();
      assert.equal(code, 0);
      const decisions = azure.decisions().map((each) => parse(decisionSchema, each));
      assert.deepEqual(decisions.map(({ node, machine }) => [node, machine]).sort(), [
        ['ebbtide-media_3', 'vm-3'],
        ['ebbtide-media_4', 'vm-4'],
      ]);
      assert.match(decisions[0]?.reason ?? '', /fewest calls: .*; 5 serve, 1 are enough/);
      assert.match(JSON.stringify(decisions[0]?.passedOver), /drains at once: 2 allowed/);
      assert.equal(log.filter(({ event }) => event === 'decided').length, 2);
      const puts = azure.writes.filter((write) => /memory\/scale-in.json$|decisions/.test(write));
      assert.match(puts[0] ?? '', /memory/);
    });

    it('nobody else at once: a second run finds the drains', async () => {
      for (const id of ['0', '1', '2', '3', '4']) serve(id);
      await run();
      const before = decided();
      await run();
      assert.deepEqual(decided(), before);
    });

    it('nobody while it cools down, also where the memory was lost', async () => {
      for (const id of ['0', '1', '2']) serve(id);
      await run({ maxDrains: 1, coolDownMs: HOUR_MS });
      lowFor(HOUR_MS);
      const { log } = await run({ maxDrains: 2, coolDownMs: HOUR_MS });
      assert.equal(decided().length, 1);
      assert.match(JSON.stringify(log.at(-1)?.passedOver), /cooling down/);
    });

    it('nobody before the load has been low for long enough', async () => {
      azure.blobs.clear();
      for (const id of ['0', '1', '2']) serve(id);
      await run();
      assert.deepEqual(decided(), []);
      azure.clockMs = 61_000;
      assert.match(JSON.stringify(azure.read('memory/scale-in.json')), /"needed":1/);
      lowFor(599_000);
      await run();
      assert.deepEqual(decided(), []);
    });

    it('no more than the most that was needed meanwhile', async () => {
      for (const id of ['0', '1', '2', '3']) serve(id);
      lowFor(HOUR_MS, { needed: 3 });
      await run();
      assert.equal(decided().length, 1);
    });

    it('nobody where the set has grown, or nobody has looked, since it was seen to be low', async () => {
      for (const id of ['0', '1', '2', '3']) serve(id);
      lowFor(HOUR_MS, { size: 3 });
      await run();
      lowFor(5 * HOUR_MS, { unseenMs: 2 * HOUR_MS });
      await run();
      assert.deepEqual(decided(), []);
    });

    it('nobody when the load is high', async () => {
      for (const id of ['0', '1', '2']) serve(id, { cpu: 0.6 });
      await run();
      assert.deepEqual(decided(), []);
    });

    it('nobody when the load of the others is not known', async () => {
      serve('0');
      serve('1', { cpu: null });
      azure.add('2');
      azure.tell(statusOf(azure.add('3')), 90_000);
      serve('4');
      const ended = await run();
      assert.deepEqual(decided(), []);
      assert.match(found(ended, 'unknown'), /no status in the registry|last heard of/);
    });

    it('an old silence holds up the others no more', async () => {
      for (const id of ['0', '1', '2', '3']) serve(id);
      azure.tell(statusOf(azure.add('4')), 2 * HOUR_MS);
      await run();
      assert.equal(decided().length, 2);
    });

    it('besides a node that an operator empties to keep it: that is no drain', async () => {
      const said = { id: 'm', by: 'operator', cause: 'operator', intent: 'maintenance', at: at(0) } as const;
      serve('0', { phase: 'empty', work: NO_WORK, decision: said });
      for (const id of ['1', '2', '3']) serve(id);
      const { log } = await run({ maxDrains: 1 });
      assert.equal(decided().length, 1);
      assert.deepEqual(
        log.filter(({ event }) => event.startsWith('found-')),
        [],
      );
    });

    it('nobody of whom the work is unknown, whom a tag protects, or who warms up', async () => {
      serve('0', { work: null, unknown: 'metrics: timeout' });
      serve('1', {}, { tags: { 'ebbtide-protected': 'true' } });
      serve('2', { bootedAt: at(60_000) });
      serve('3', { protected: true });
      serve('4');
      await run({ maxDrains: 9 });
      assert.deepEqual(decided(), ['ebbtide-media_4']);
    });

    it('nothing at the minimum, without a write', async () => {
      serve('0', { work: NO_WORK, cpu: 0 });
      const { code, log } = await run();
      assert.equal(code, 0);
      assert.equal(log.length, 1);
      assert.deepEqual(
        azure.writes.filter((write) => !/acquire|release/.test(write)),
        [],
      );
      assert.ok(Number(log[0]?.tookMs) < 3_000);
    });

    it('about the machine that is there now, not its predecessor of that name', async () => {
      const instance = serve('0', { work: NO_WORK, cpu: 0 });
      decide(instance, { machine: 'vm-of-before', id: 'old' });
      serve('1', { work: { ...NO_WORK, rooms: 5 } });
      await run();
      assert.equal(azure.decisions()[0]?.machine, 'vm-0');
      assert.notEqual(azure.decisions()[0]?.id, 'old');
    });

    it('nobody whom another has decided meanwhile', async () => {
      const victim = serve('0', { work: NO_WORK });
      serve('1', { work: { ...NO_WORK, rooms: 5 } });
      azure.intervene = ({ method, path, url }, when) => {
        const remembers = method === 'PUT' && path.endsWith('memory/scale-in.json') && url.search === '';
        if (when === 'before' && remembers) decide(victim, { by: 'operator', id: 'theirs' });
        return undefined;
      };
      const ended = await run();
      assert.equal(ended.code, 0);
      assert.match(found(ended, 'changed-meanwhile'), /BlobAlreadyExists/);
      assert.equal(azure.decisions()[0]?.id, 'theirs');
    });
  });

  describe('deletes', () => {
    it('what is marked and says freshly that it is empty, and follows that to its end', async () => {
      empty('0');
      serve('1');
      const { code, log } = await run();
      assert.equal(code, 0);
      assert.deepEqual([...azure.instances.keys()], ['1']);
      assert.equal(log.filter(({ event }) => event === 'deleting').length, 1);
    });

    const kept: [string, Partial<NodeStatus>, Partial<Instance>?][] = [
      ['has work left', { work: { ...NO_WORK, egress: 1 } }],
      ['does not know its work', { work: null }],
      ['drains still', { phase: 'draining' }],
      [
        'speaks of another decision',
        { decision: { id: 'x', by: 'y', cause: 'scale-in', intent: 'leave', at: at(0) } },
      ],
      ['is another machine', { machine: 'vm-of-before' }],
      ['does not say which machine it is', { machine: undefined }],
      ['an operator protects on the node', { protected: true }],
      ['an operator protects by a tag', {}, { tags: { 'ebbtide-protected': 'true' } }],
    ];
    for (const [what, status, instance] of kept) {
      it(`nothing that ${what}`, async () => {
        empty('0', status, instance);
        serve('1');
        assert.equal((await run()).code, 0);
        assert.ok(azure.instances.has('0'));
      });
    }

    it('nothing that is empty for a decision that nobody knows of, and tells it', async () => {
      const { name } = empty('0');
      azure.blobs.delete(`decisions/${name}.json`);
      assert.match(found(await run(), 'not-deleted'), /nothing was decided/);
      assert.equal(azure.instances.size, 1);
    });

    it('nothing that is silent, or that an operator emptied to keep it', async () => {
      const silent = empty('0');
      azure.write(`statuses/${silent.name}.json`, azure.read(`statuses/${silent.name}.json`), 61_000);
      const said = { id: 'm', by: 'operator', cause: 'operator', intent: 'maintenance', at: at(0) } as const;
      serve('1', { phase: 'empty', work: NO_WORK, decision: said });
      await run();
      assert.equal(azure.instances.size, 2);
    });

    it('what is marked and was stopped: nothing runs on it', async () => {
      const stopped = azure.add('0', { power: 'stopped' });
      decide(stopped);
      azure.add('1', { power: 'stopped' });
      await run();
      assert.deepEqual([...azure.instances.keys()], ['1']);
    });

    it('what a person deletes in between is no trouble', async () => {
      empty('0');
      empty('1');
      azure.intervene = ({ method, path }, when) => {
        if (when === 'before' && method === 'DELETE') azure.instances.delete(path.split('/').at(-1) ?? '');
        return undefined;
      };
      assert.equal((await run()).code, 0);
      assert.equal(azure.instances.size, 0);
    });

    it('again what Azure failed to delete', async () => {
      empty('0');
      azure.failingOperations = true;
      assert.match(failures(await run()), /ebbtide-media_0.*Failed/);
      azure.failingOperations = false;
      const left = azure.instances.get('0');
      if (left) left.state = 'Succeeded';
      assert.equal((await run()).code, 0);
      assert.equal(azure.instances.size, 0);
    });
  });

  describe('protects', () => {
    it('what is not, and keeps what others set on it', async () => {
      serve('0', {}, { protectionPolicy: { protectFromScaleSetActions: true }, tags: { theirs: 'stays' } });
      azure.add('1', { state: 'Creating', protectionPolicy: {} });
      assert.equal((await run()).code, 0);
      const policy = { protectFromScaleSetActions: true, protectFromScaleIn: true };
      assert.deepEqual(azure.instances.get('0')?.protectionPolicy, policy);
      assert.deepEqual(azure.instances.get('0')?.tags, { theirs: 'stays' });
      assert.deepEqual(azure.instances.get('1')?.protectionPolicy, {});
    });

    it('also where the registry is gone, and does nothing else then', async () => {
      empty('0');
      serve('1', {}, { protectionPolicy: {} });
      azure.containers.delete('statuses');
      assert.match(failures(await run()), /nothing is decided or deleted.*ContainerNotFound.*pulumi up/);
      assert.equal(azure.instances.size, 2);
      assert.equal(azure.instances.get('1')?.protectionPolicy?.protectFromScaleIn, true);
    });
  });

  describe('bad input', () => {
    it('settings that make no sense are told', async () => {
      assert.match(failures(await runRunbook(azure, '{"pool":"media"}')), /scaleSet is missing/);
      assert.match(failures(await runRunbook(azure, 'not base64!')), /Error/);
    });
    it('a scale set of another subscription', async () => {
      const elsewhere = settingsFor(azure).scaleSet.replace('sub-1', 'sub-2');
      assert.match(failures(await run({ scaleSet: elsewhere })), /ResourceNotFound.*another subscription/);
    });
    it('a memory container that is gone', async () => {
      azure.containers.delete('memory');
      assert.match(failures(await run()), /ContainerNotFound.*gone/);
    });
    it('objects that make no sense: nobody goes for them, nothing stays blocked', async () => {
      const torn = serve('0');
      azure.write(`statuses/${torn.name}.json`, '{"v":1,');
      const strange = serve('1');
      azure.write(`decisions/${strange.name}.json`, { v: 1, node: strange.name, intent: 'leave' });
      for (const id of ['2', '3', '4', '5', '6']) serve(id);
      azure.write('memory/scale-in.json', '[]');
      const first = await run();
      assert.match(failures(first), /makes no sense and is begun anew/);
      assert.match(found(first, 'decision-unknown'), /has no id/);
      assert.match(found(first, 'unknown'), /cannot be read/);
      assert.equal(decided().length, 1);
      lowFor(HOUR_MS);
      assert.equal((await run()).code, 0);
      assert.equal(azure.decisions().filter(({ id }) => id !== undefined).length, 2);
    });
    it('no identity', async () => {
      const { environment } = azure;
      Object.defineProperty(azure, 'environment', { value: { ...environment, IDENTITY_HEADER: '' } });
      assert.match(failures(await runRunbook(azure, settingsFor(azure))), /IDENTITY_HEADER is not set/);
    });
    it('a right that is not there yet: told, and done by the next run', async () => {
      empty('0');
      azure.intervene = ({ method }, when) =>
        when === 'before' && method === 'DELETE'
          ? { status: 403, body: '{"error":{"code":"AuthorizationFailed"}}' }
          : undefined;
      assert.match(failures(await run()), /AuthorizationFailed.*role/);
      azure.intervene = () => undefined;
      await run();
      assert.equal(azure.instances.size, 0);
    });
  });

  describe('a bad line', () => {
    it('every first attempt is throttled, fails, breaks off or hangs', async () => {
      empty('0');
      for (const id of ['1', '2', '3']) serve(id, {}, id === '3' ? { protectionPolicy: {} } : {});
      const seen = new Set<string>();
      const troubles = [
        { status: 429, headers: { 'retry-after': '0' } },
        { status: 503, headers: { 'retry-after': '0' } },
        'reset',
        'hang',
      ] as const;
      let next = 0;
      azure.intervene = ({ method, url, headers }, when) => {
        const key = `${method} ${url.pathname}${url.search}${headers['x-ms-lease-action'] ?? ''}`;
        if (when === 'after' || seen.has(key)) return undefined;
        seen.add(key);
        next += 1;
        return troubles[next % troubles.length];
      };
      assert.equal((await run({ requestMs: 300 })).code, 0);
      assert.deepEqual([...azure.instances.keys()], ['1', '2', '3']);
      assert.equal(decided().length, 2, 'a new one beside the one that was on its way out');
    });

    it('a store that never answers: told, and nothing done', async () => {
      empty('0');
      serve('1');
      azure.intervene = ({ path }, when) =>
        when === 'before' && path.includes('/statuses') ? 'reset' : undefined;
      assert.match(failures(await run()), /no answer in 5 attempts/);
      assert.equal(azure.instances.size, 2);
    });
  });

  describe('several runs', () => {
    it('at once do what one does', async () => {
      empty('0');
      for (const id of ['1', '2', '3', '4', '5']) serve(id);
      const ends = await Promise.all([run({ maxDrains: 3 }), run({ maxDrains: 3 }), run({ maxDrains: 3 })]);
      assert.deepEqual(
        ends.map(({ code }) => code),
        [0, 0, 0],
      );
      assert.ok(!azure.instances.has('0'));
      assert.equal(azure.writes.filter((write) => write.startsWith('DELETE')).length, 1);
      // Three drains in all: the one that was marked before is over for whoever comes after its end.
      assert.ok([3, 4].includes(decided().length), String(decided()));
    });

    it('one that waits for another in vain leaves the work to it', async () => {
      empty('0');
      azure.blobs.set('memory/scale-in.json', {
        body: '{"v":1}',
        modified: azure.now(),
        etag: '"1"',
        lease: { id: 'theirs', until: azure.now() + 60_000 },
      });
      const { code, log } = await run({ lockWaitMs: 100 });
      assert.equal(code, 0);
      assert.deepEqual(
        log.map(({ event }) => event),
        ['busy'],
      );
      assert.equal(azure.instances.size, 1);
    });

    /** Stops a run after such a request, lets its lease end and another run do its work, and lets it go on. */
    async function suspendAfter(isIt: (method: string, url: URL) => boolean): Promise<RunbookEnd> {
      for (const id of ['1', '2', '3', '4']) serve(id, { work: { ...NO_WORK, rooms: Number(id) } });
      const first = startRunbook(azure, settingsFor(azure, { renewMs: 0, requestMs: 20_000 }));
      await new Promise<void>((resolve) => {
        azure.intervene = ({ method, url }, when) => {
          if (when === 'after' && isIt(method, url)) {
            azure.intervene = () => undefined;
            first.child.kill('SIGSTOP');
            resolve();
          }
          return undefined;
        };
      });
      azure.clockMs += 61_000;
      // By now others are the emptiest: both runs together would drain four.
      for (const instance of azure.instances.values())
        azure.tell(statusOf(instance, { work: { ...NO_WORK, rooms: 9 - Number(instance.id) } }));
      assert.equal((await run()).code, 0);
      first.child.kill('SIGCONT');
      return first.ended;
    }

    it('one that was suspended before it remembered, and lost the lock, does nothing more', async () => {
      const isRead = (method: string, url: URL) =>
        method === 'GET' && url.pathname.endsWith('/memory/scale-in.json');
      assert.match(failures(await suspendAfter(isRead)), /LeaseIdMismatch/);
      assert.deepEqual(decided().sort(), ['ebbtide-media_3', 'ebbtide-media_4']);
    });

    it('one that was suspended before it decided, and lost the lock, does nothing more', async () => {
      const isWrite = (method: string, url: URL) =>
        method === 'PUT' && url.pathname.endsWith('/memory/scale-in.json') && url.search === '';
      assert.match(failures(await suspendAfter(isWrite)), /the lock was lost to another run/);
      assert.deepEqual(decided().sort(), ['ebbtide-media_3', 'ebbtide-media_4']);
    });

    it('killed before or after any of its writes, the next one ends it well', async function () {
      this.timeout(120_000);
      for (const when of ['before', 'after'] as const) {
        for (let number = 1; ; number += 1) {
          await azure.close();
          azure = await AzureStandIn.start();
          lowFor(HOUR_MS);
          empty('0');
          for (const id of ['1', '2', '3', '4'])
            serve(
              id,
              { work: { ...NO_WORK, rooms: Number(id) } },
              id === '4' ? { protectionPolicy: {} } : {},
            );
          const first = startRunbook(azure, settingsFor(azure));
          let writes = 0;
          azure.intervene = ({ method }, now) => {
            if (method === 'GET' || now !== when) return undefined;
            writes += 1;
            if (writes < number) return undefined;
            first.child.kill('SIGKILL');
            return 'reset';
          };
          const end = await first.ended;
          azure.intervene = () => undefined;
          azure.settle();
          if (end.code !== null) {
            assert.ok(number > 6, `only ${number} writes`);
            break;
          }
          // A minute later: the dead one's lease is over, and the nodes have spoken again.
          azure.clockMs += 61_000;
          for (const instance of azure.instances.values()) {
            const status = azure.read(`statuses/${instance.name}.json`) as NodeStatus;
            azure.tell(status);
          }
          const again = `killed ${when} write ${number}`;
          assert.equal((await run()).code, 0, again);
          await run();
          assert.ok(!azure.instances.has('0'), again);
          assert.equal(azure.instances.size, 4, again);
          assert.equal(azure.instances.get('4')?.protectionPolicy?.protectFromScaleIn, true, again);
          const chosen = decided().filter((node) => node !== 'ebbtide-media_0');
          assert.deepEqual(chosen.sort(), ['ebbtide-media_1', 'ebbtide-media_2'], again);
        }
      }
    });
  });
});
