import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Imds, ImdsReading } from '../../fleet/azure/imds.ts';
import type { Decision } from '../../fleet/decision.ts';
import { HttpError, type HttpRequest } from '../../fleet/http.ts';
import type { ReadObject } from '../../fleet/object-store.ts';
import { createAzureCloud } from '../../node-agent/clouds/azure/azure-cloud.ts';
import type { Cloud, ScheduleReading } from '../../node-agent/clouds/cloud.ts';
import type { Outcome } from '../../node-agent/core/effect.ts';
import { instanceDocument } from './support/azure-imds.ts';

const HERE = {
  node: 'ebbtide-media_3',
  machine: '13f56399-bd52-4150-9748-7190aae1ff21',
  zone: '2',
  address: '10.0.0.7',
};
const DECISION: Decision = {
  v: 1,
  id: 'd-1',
  node: HERE.node,
  machine: HERE.machine,
  pool: 'media',
  at: '2026-03-01T12:00:00.000Z',
  by: 'runbook',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
};
const UNKNOWN: ImdsReading = { kind: 'unknown', reason: 'HTTP 503' };
const NOW = Date.parse('2026-03-01T12:00:00Z');
const IN_FIVE_MINUTES = 'Sun, 01 Mar 2026 12:05:00 GMT';
const WAKE_URL =
  'https://prod-12.westeurope.logic.azure.com/workflows/w/triggers/t/paths/invoke?sig=quite-secret';

function event(changed: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    EventId: 'e-1',
    EventType: 'Terminate',
    ResourceType: 'VirtualMachine',
    Resources: ['ebbtide-media_3'],
    EventStatus: 'Scheduled',
    NotBefore: IN_FIVE_MINUTES,
    Description: '',
    EventSource: 'User',
    DurationInSeconds: -1,
    ...changed,
  };
}

class FakeImds implements Imds {
  readings = new Map<string, ImdsReading>();
  asked: string[] = [];
  posted: object[] = [];

  constructor() {
    this.set('instance', instanceDocument());
    this.events([]);
  }
  set(path: string, text: string, date = NOW): void {
    this.readings.set(path, { kind: 'found', text, date });
  }
  events(events: object[], date = NOW): void {
    this.set('scheduledevents', JSON.stringify({ DocumentIncarnation: 1, Events: events }), date);
  }
  async read(path: string): Promise<ImdsReading> {
    this.asked.push(path);
    await new Promise(setImmediate);
    return this.readings.get(path) ?? { kind: 'absent' };
  }
  async post(path: string, query: Readonly<Record<string, string>>, body: object): Promise<ImdsReading> {
    this.posted.push({ path, ...query, ...body });
    return this.readings.get(`POST ${path}`) ?? { kind: 'found', text: '', date: NOW };
  }
}

describe('the cloud of a node on Azure', () => {
  let sent: HttpRequest[] = [];
  let at = NOW;
  afterEach(() => {
    sent = [];
    at = NOW;
  });

  interface Outside {
    wakeUrl?: ReadObject | undefined | Error;
    answer?: number | HttpError;
  }
  function connect({ answer = 202, ...outside }: Outside = {}): { cloud: Cloud; imds: FakeImds } {
    const imds = new FakeImds();
    const key = 'secrets/wake-url';
    const wakeUrl = 'wakeUrl' in outside ? outside.wakeUrl : { key, ageMs: 1, body: `${WAKE_URL}\n` };
    const cloud = createAzureCloud({
      imds,
      registry: { readDecision: async () => ({ kind: 'decided', decision: DECISION }) },
      store: {
        get: async (asked) => {
          assert.equal(asked, key);
          if (wakeUrl instanceof Error) throw wakeUrl;
          return wakeUrl;
        },
      },
      runbook: { wakeUrlKey: key },
      now: () => at,
      send: async (request) => {
        sent.push(request);
        if (typeof answer !== 'number') throw answer;
        return { status: answer, headers: {}, body: Buffer.from(`${WAKE_URL} says no`) };
      },
    });
    return { cloud, imds };
  }
  async function identified(outside?: Outside): Promise<{ cloud: Cloud; imds: FakeImds }> {
    const connected = connect(outside);
    await connected.cloud.identify();
    return connected;
  }
  const scheduleOf = ({ schedule }: Cloud): Promise<ScheduleReading> => {
    assert.ok(schedule);
    return schedule.read();
  };

  it('knows this machine by its name, the id that no other machine has, its zone and its address', async () => {
    assert.deepEqual(await connect().cloud.identify(), HERE);
  });

  for (const [given, reading] of [
    ['cannot be read', UNKNOWN],
    ['is not there', { kind: 'absent' }],
    ['is empty', { kind: 'found', text: '', date: NOW }],
    ['tells no id', { kind: 'found', text: instanceDocument({ vmId: '' }), date: NOW }],
  ] as const) {
    it(`does not know this machine while what is told of it ${given}: nor what is wanted of it`, async () => {
      const { cloud, imds } = connect();
      imds.readings.set('instance', reading);
      assert.equal(await cloud.identify(), undefined);
      assert.equal((await cloud.readTarget()).kind, 'unknown');
      assert.equal((await cloud.readProtected()).kind, 'unknown');
      imds.events([event()]);
      assert.equal((await cloud.readInterruption()).kind, 'unknown');
      assert.equal((await scheduleOf(cloud)).kind, 'unknown');
    });
  }

  it('looks into the mailbox of this machine', async () => {
    const { cloud } = await identified();
    assert.deepEqual(await cloud.readTarget(), { kind: 'leave', decision: DECISION });
  });

  it('has no timer to keep alive and no hook to complete, and says so without a request', async () => {
    const { cloud, imds } = connect();
    assert.deepEqual([await cloud.hold(), await cloud.ready()], [{ kind: 'done' }, { kind: 'done' }]);
    assert.deepEqual([imds.asked, sent], [[], []]);
  });

  for (const [value, set] of [
    [undefined, false],
    ['true', true],
    ['True', true],
    ['by ada', true],
    ['false', false],
    ['False', false],
  ] as const) {
    it(`with the tag ebbtide-protected ${value ?? 'not set'} is ${set ? '' : 'not '}protected`, async () => {
      const { cloud, imds } = connect();
      const tagsList = value === undefined ? [] : [{ name: 'ebbtide-protected', value }];
      imds.set('instance', instanceDocument({ tagsList }));
      assert.deepEqual(await cloud.readProtected(), { kind: 'known', set });
    });
  }

  describe('scheduled events', () => {
    const deadline = Date.parse(IN_FIVE_MINUTES);
    const rows: { given: string; events: object[]; interruption: object; advice: RegExp | 'none' }[] = [
      { given: 'nothing', events: [], interruption: { kind: 'none' }, advice: 'none' },
      {
        given: 'the end of this machine',
        events: [event()],
        interruption: { kind: 'interrupted', by: 'termination', deadline },
        advice: 'none',
      },
      {
        given: 'the reclaim of this machine, in other letters',
        events: [event({ EventType: 'Preempt', Resources: ['other_1', 'EBBTIDE-media_3'] })],
        interruption: { kind: 'interrupted', by: 'spot-interruption', deadline },
        advice: 'none',
      },
      {
        given: 'the end of another machine of the set',
        events: [event({ Resources: ['ebbtide-media_33'] }), event({ Resources: ['media_3'] })],
        interruption: { kind: 'none' },
        advice: 'none',
      },
      {
        given: 'the end of another, in words that make no sense',
        events: [{ Resources: ['ebbtide-media_4'], NotBefore: 4 }],
        interruption: { kind: 'none' },
        advice: 'none',
      },
      ...['Reboot', 'Redeploy', 'Freeze', 'SomethingNew'].map((EventType) => ({
        given: `${EventType}, after which it is here still`,
        events: [event({ EventType, EventSource: 'Platform' })],
        interruption: { kind: 'none' },
        advice: new RegExp(`${EventType} not before 2026-03-01T12:05:00`),
      })),
      {
        given: 'a freeze, and its end before that',
        events: [
          event({ EventType: 'Freeze', EventId: 'e-0' }),
          event({ NotBefore: 'Sun, 01 Mar 2026 12:15:00 GMT' }),
          event({ EventId: 'e-2', EventType: 'Preempt' }),
        ],
        interruption: { kind: 'interrupted', by: 'spot-interruption', deadline },
        advice: /Freeze/,
      },
    ];
    for (const { given, events, interruption, advice } of rows) {
      it(given, async () => {
        const { cloud, imds } = await identified();
        imds.events(events);
        assert.deepEqual(await cloud.readInterruption(), interruption);
        const advised = await cloud.readAdvice();
        if (advice === 'none') assert.deepEqual(advised, { kind: 'none' });
        else assert.match(advised.kind === 'advised' ? advised.text : advised.kind, advice);
      });
    }

    for (const [given, reading] of [
      ['a service that is out', UNKNOWN],
      ['a service that has none', { kind: 'absent' }],
      ['an empty answer', { kind: 'found', text: '', date: NOW }],
      ['an answer without events', { kind: 'found', text: '{}', date: NOW }],
      ['an event about nobody', { kind: 'found', text: '{"Events":[{}]}', date: NOW }],
      [
        'one of ours at no time',
        { kind: 'found', text: JSON.stringify({ Events: [event({ NotBefore: 'soon' })] }), date: NOW },
      ],
    ] as const) {
      it(`${given}: unknown, which is no notice and no consent`, async () => {
        const { cloud, imds } = await identified();
        imds.readings.set('scheduledevents', reading);
        const readings = [await cloud.readInterruption(), await cloud.readAdvice(), await scheduleOf(cloud)];
        assert.deepEqual(
          readings.map(({ kind }) => kind),
          ['unknown', 'unknown', 'unknown'],
        );
      });
    }

    it('one that has begun tells its time no more: its end stays where it was', async () => {
      const { cloud, imds } = await identified();
      imds.events([event()]);
      await cloud.readInterruption();
      at = deadline + 1_000;
      imds.events([event({ EventStatus: 'Started', NotBefore: '' })]);
      assert.deepEqual(await cloud.readInterruption(), { kind: 'interrupted', by: 'termination', deadline });
    });

    it('one that had begun before anybody looked ends now', async () => {
      const { cloud, imds } = await identified();
      imds.events([event({ EventStatus: 'Started', NotBefore: '' })]);
      at = NOW + 1_000;
      assert.deepEqual(await cloud.readInterruption(), {
        kind: 'interrupted',
        by: 'termination',
        deadline: NOW + 1_000,
      });
    });

    it('are asked for once, however many want to know', async () => {
      const { cloud, imds } = await identified();
      imds.asked = [];
      await Promise.all([cloud.readInterruption(), cloud.readAdvice(), scheduleOf(cloud)]);
      assert.deepEqual(imds.asked, ['scheduledevents']);
    });

    const waits: { given: string; events: object[]; date?: number; then: object[] }[] = [
      {
        given: 'all that is scheduled for this machine, of whatever kind',
        events: [event(), event({ EventId: 'e-2', EventType: 'Reboot' })],
        then: [
          { id: 'e-1', isDue: false },
          { id: 'e-2', isDue: false },
        ],
      },
      {
        given: 'nothing that has begun',
        events: [event({ EventStatus: 'Started', NotBefore: '' })],
        then: [],
      },
      {
        given: 'nothing that concerns others too: a consent would be theirs as well',
        events: [event({ Resources: ['ebbtide-media_3', 'ebbtide-media_4'] })],
        then: [],
      },
      { given: 'nothing of others', events: [event({ Resources: ['ebbtide-media_4'] })], then: [] },
      {
        given: "what is due, by the service's own clock",
        events: [event()],
        date: deadline,
        then: [{ id: 'e-1', isDue: true }],
      },
      {
        given: 'what is not due as far as anybody has told',
        events: [event()],
        date: Number.NaN,
        then: [{ id: 'e-1', isDue: false }],
      },
    ];
    for (const { given, events, date, then } of waits) {
      it(`waits for its consent: ${given}`, async () => {
        const { cloud, imds } = await identified();
        at = deadline + 3_600_000;
        imds.events(events, date);
        assert.deepEqual(await scheduleOf(cloud), { kind: 'known', events: then });
      });
    }

    it('gives its consent by starting them', async () => {
      const { cloud, imds } = await identified();
      assert.deepEqual(await cloud.schedule?.acknowledge(['e-1', 'e-2']), { kind: 'done' });
      assert.deepEqual(imds.posted, [
        {
          path: 'scheduledevents',
          'api-version': '2020-07-01',
          StartRequests: [{ EventId: 'e-1' }, { EventId: 'e-2' }],
        },
      ]);
    });

    for (const [given, reading] of [
      ['unknown', UNKNOWN],
      ['absent', { kind: 'absent' }],
    ] as const) {
      it(`a consent whose answer is ${given} has failed`, async () => {
        const { cloud, imds } = await identified();
        imds.readings.set('POST scheduledevents', reading);
        assert.equal((await cloud.schedule?.acknowledge(['e-1']))?.kind, 'failed');
      });
    }
  });

  describe('the way out', () => {
    it('wakes the runbook by the URL that lies in the store, and needs no token', async () => {
      const { cloud } = connect();
      assert.deepEqual(await cloud.release(), { kind: 'done' });
      const [{ method, url, headers, body } = assert.fail()] = sent;
      assert.deepEqual([method, url, body], ['POST', WAKE_URL, '{}']);
      assert.equal(headers?.authorization, undefined);
    });

    const problemOf = (outcome: Outcome): string => {
      assert.equal(outcome.kind, 'failed');
      const problem = outcome.kind === 'failed' ? outcome.problem : '';
      assert.match(problem, /^waking the runbook: /);
      assert.ok(!problem.includes('quite-secret'), problem);
      return problem;
    };

    for (const answer of [301, 401, 404, 429, 502]) {
      it(`HTTP ${answer} is a failure that names it, and not the URL`, async () => {
        assert.match(problemOf(await connect({ answer }).cloud.release()), new RegExp(`HTTP ${answer}$`));
      });
    }

    const blob = (body: string): ReadObject => ({ key: 'k', ageMs: 1, body });
    const rows: [string, Outside, RegExp][] = [
      ['a wake that is refused', { answer: new HttpError('connect ECONNREFUSED', false) }, /ECONNREFUSED/],
      ['no URL in the store', { wakeUrl: undefined }, /secrets\/wake-url is not there: deploy/],
      ['a URL that may not be read', { wakeUrl: new Error('HTTP 403') }, /cannot be read: HTTP 403/],
      ['an empty one', { wakeUrl: blob('') }, /holds is no URL/],
      ['one that is none', { wakeUrl: blob('quite-secret') }, /holds is no URL/],
    ];
    for (const [given, outside, says] of rows) {
      it(`${given}: a failure that says so`, async () => {
        assert.match(problemOf(await connect(outside).cloud.release()), says);
        assert.equal(sent.length, outside.answer === undefined ? 0 : 1);
      });
    }
  });
});
