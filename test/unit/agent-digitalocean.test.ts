import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { type AgentConfig, agentConfigSchema } from '../../fleet/agent-config.ts';
import type { Decision } from '../../fleet/decision.ts';
import { HttpError, type HttpRequest, type HttpResponse } from '../../fleet/http.ts';
import type { DecisionReading } from '../../fleet/registry.ts';
import { deriveStatusKey, verifyStatus } from '../../fleet/status-signature.ts';
import type { Cloud } from '../../node-agent/clouds/cloud.ts';
import { connect } from '../../node-agent/clouds/connect.ts';
import { createDigitalOceanCloud } from '../../node-agent/clouds/digitalocean/digitalocean-cloud.ts';
import { readDroplet } from '../../node-agent/clouds/digitalocean/droplet.ts';
import { createMetadata } from '../../node-agent/clouds/digitalocean/metadata.ts';
import { assertMadeFor, coreSettings } from '../../node-agent/run.ts';
import { statusOf } from './support/fleet.ts';

const POOL_SECRET = '0123456789abcdef0123456789abcdef';
const HERE = { node: 'ebbtide-media-0a1b2c3d', machine: '4711', zone: 'fra1', address: '10.0.0.7' };
const WAKE = { url: 'https://faas.example/api/v1/web/fn-1/media/orchestrator', secret: 'quite-secret' };
const DROPLET = {
  node: HERE.node,
  statusKey: deriveStatusKey(POOL_SECRET, HERE.node),
  spaces: { accessKeyId: 'DO00EXAMPLE', secretAccessKey: 'secret-quite' },
  wake: WAKE,
};
const DECISION: Decision = {
  v: 1,
  id: 'd-1',
  node: HERE.node,
  machine: HERE.machine,
  pool: 'media',
  at: '2026-03-01T12:00:00.000Z',
  by: 'orchestrator',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
};
const METADATA = 'http://169.254.169.254/metadata/v1/';

type Answer = string | number | Error;

describe('the cloud of a node on DigitalOcean', () => {
  let sent: HttpRequest[] = [];
  /** By path of the metadata service, and by whole URL. */
  let answers = new Map<string, Answer>();
  /** What the mailbox holds, look by look; the last one stays. */
  let mailbox: DecisionReading[] = [];
  let looks = 0;

  afterEach(() => {
    sent = [];
    mailbox = [];
    looks = 0;
  });

  async function send(request: HttpRequest): Promise<HttpResponse> {
    sent.push(request);
    const url = String(request.url);
    const answer = answers.get(url.replace(METADATA, '')) ?? 404;
    if (answer instanceof Error) throw answer;
    const [status, body] = typeof answer === 'number' ? [answer, 'no'] : [200, answer];
    return { status, headers: {}, body: Buffer.from(body) };
  }

  function connected(
    changed: Record<string, Answer> = {},
    holds: DecisionReading[] = [{ kind: 'none' }],
  ): Cloud {
    answers = new Map(
      Object.entries({
        id: '4711\n',
        region: 'fra1',
        'interfaces/private/0/ipv4/address': '10.0.0.7',
        tags: 'ebbtide-media\nproduction',
        [WAKE.url]: '',
        ...changed,
      }),
    );
    mailbox = holds;
    return createDigitalOceanCloud({
      metadata: createMetadata({ environment: {}, timeoutMs: 1_000, send }),
      registry: {
        readDecision: async (node) => {
          assert.equal(node, HERE.node);
          looks += 1;
          return mailbox[Math.min(looks, mailbox.length) - 1] ?? assert.fail();
        },
      },
      droplet: DROPLET,
      pool: 'media',
      send,
    });
  }
  async function identified(...given: Parameters<typeof connected>): Promise<Cloud> {
    const cloud = connected(...given);
    await cloud.identify();
    return cloud;
  }

  it('knows this machine by the name that it was made with, its id, its region and its private address', async () => {
    assert.deepEqual(await connected().identify(), HERE);
    assert.ok(sent.every(({ url }) => String(url).startsWith(METADATA)));
  });

  for (const path of ['id', 'region', 'interfaces/private/0/ipv4/address']) {
    for (const answer of [
      404,
      500,
      '',
      '<html>Welcome</html>',
      new HttpError('connect ECONNREFUSED', false),
    ]) {
      it(`does not know this machine while ${path} is ${answer}: nor what is wanted of it`, async () => {
        const cloud = connected({ [path]: answer }, [{ kind: 'decided', decision: DECISION }]);
        assert.equal(await cloud.identify(), undefined);
        assert.equal((await cloud.readTarget()).kind, 'unknown');
      });
    }
  }

  describe('what is wanted of it', () => {
    const none: DecisionReading = { kind: 'none' };
    const decided: DecisionReading = { kind: 'decided', decision: DECISION };
    const out: DecisionReading = { kind: 'unknown', reason: 'HTTP 503' };
    const about = (changed: Partial<Decision>): DecisionReading => ({
      kind: 'decided',
      decision: { ...DECISION, ...changed },
    });
    const MARKED = 'ebbtide-media\nebbtide-decision:d-1';
    const DRAINING = 'ebbtide-media\nebbtide-media-draining';
    const leave = { kind: 'leave', decision: DECISION };
    const stay = { kind: 'stay' };

    interface Row {
      given: string;
      holds: DecisionReading[];
      tags?: Answer;
      then: object | RegExp;
      looks: number;
    }
    const rows: Row[] = [
      { given: 'nothing decided, and no tag of ours', holds: [none], then: stay, looks: 1 },
      { given: 'a decision', holds: [decided], then: leave, looks: 1 },
      { given: 'a decision, and tags that are out', holds: [decided], tags: 500, then: leave, looks: 1 },
      {
        given: 'a decision under another id than the tag’s',
        holds: [decided],
        tags: `${MARKED}0`,
        then: leave,
        looks: 1,
      },
      { given: 'a mailbox that is out, and no tag', holds: [out], then: out, looks: 1 },
      {
        given: 'a decision that was written while the tags were read',
        holds: [none, decided],
        tags: MARKED,
        then: leave,
        looks: 2,
      },
      {
        given: 'a tag of a decision, and an empty mailbox',
        holds: [none],
        tags: MARKED,
        then: /tag ebbtide-decision:d-1 says that it is to go, and its mailbox does not say so/,
        looks: 2,
      },
      {
        given: 'the draining tag, in other letters, and an empty mailbox',
        holds: [none],
        tags: 'ebbtide-media\nEbbtide-Media-Draining\n',
        then: /tag Ebbtide-Media-Draining says/,
        looks: 2,
      },
      {
        given: 'a tag, and a mailbox that is out',
        holds: [out],
        tags: DRAINING,
        then: /tag ebbtide-media-draining says that it is to go, and its mailbox cannot be read: HTTP 503/,
        looks: 2,
      },
      {
        given: 'a tag, and a decision about an earlier machine',
        holds: [about({ machine: '4710' })],
        tags: DRAINING,
        then: /does not say so/,
        looks: 2,
      },
      {
        given: 'a decision about an earlier machine',
        holds: [about({ machine: '4710' })],
        then: stay,
        looks: 1,
      },
      {
        given: 'the draining tag of another pool',
        holds: [none],
        tags: 'ebbtide-media\nebbtide-media-2-draining',
        then: stay,
        looks: 1,
      },
      ...([500, 404, '', 'not a tag', '<html>\n', new HttpError('no answer', true)] as const).map((tags) => ({
        given: `an empty mailbox, and tags that answer ${tags}: they are never the only word`,
        holds: [none],
        tags,
        then: stay,
        looks: 1,
      })),
    ];
    for (const { given, holds, tags, then, looks: expected } of rows) {
      it(given, async () => {
        const cloud = await identified(tags === undefined ? {} : { tags }, holds);
        const target = await cloud.readTarget();
        if (then instanceof RegExp)
          assert.match(target.kind === 'unknown' ? target.reason : target.kind, then);
        else assert.deepEqual(target, then);
        assert.equal(looks, expected);
      });
    }
  });

  for (const [tags, set] of [
    ['ebbtide-media', false],
    ['ebbtide-media\nebbtide-protected', true],
    ['Ebbtide-Protected\nebbtide-media', true],
    ['ebbtide-media\nebbtide-protected-not', false],
    [500, undefined],
    [404, undefined],
    ['', undefined],
    ['ebbtide-protected and more', undefined],
  ] as const) {
    const is = set === undefined ? 'not known to be' : set ? '' : 'not';
    it(`with the tags ${JSON.stringify(tags)} is ${is} protected`, async () => {
      const reading = await connected({ tags }).readProtected();
      assert.deepEqual(reading.kind === 'known' ? reading.set : undefined, set);
    });
  }

  it('has no notice, no timer and no hook, and says so without a request', async () => {
    const cloud = connected();
    assert.deepEqual(
      [await cloud.readInterruption(), await cloud.readAdvice(), await cloud.hold(), await cloud.ready()],
      [{ kind: 'none' }, { kind: 'none' }, { kind: 'done' }, { kind: 'done' }],
    );
    assert.deepEqual(sent, []);
  });

  it('wakes the orchestrator by its secret, and asks for nothing by name', async () => {
    assert.deepEqual(await connected().release(), { kind: 'done' });
    const [{ method, url, headers, body } = assert.fail()] = sent;
    assert.deepEqual([method, url, body], ['POST', WAKE.url, '{}']);
    assert.equal(headers?.['x-require-whisk-auth'], 'quite-secret');
  });

  for (const answer of [401, 404, 429, 502, 504, new HttpError('connect ECONNREFUSED', false)]) {
    it(`a wake that ends with ${answer} has failed, and says so without the secret`, async () => {
      const outcome = await connected({ [WAKE.url]: answer }).release();
      assert.ok(outcome.kind === 'failed');
      assert.match(outcome.problem, /waking the orchestrator at .*(HTTP \d{3}: no|ECONNREFUSED)$/);
      assert.ok(!outcome.problem.includes('quite-secret'));
    });
  }
});

describe('the file of one droplet', () => {
  const read = (text: string | Error) =>
    readDroplet('/etc/ebbtide/droplet.json', () => {
      if (text instanceof Error) throw text;
      return text;
    });

  it('is read whole', () => assert.deepEqual(read(JSON.stringify(DROPLET)), DROPLET));

  const rows: [string, string | Error, RegExp][] = [
    ['is not there', new Error('ENOENT'), /which the droplet's user-data brings, cannot be read$/],
    ['was not filled in', JSON.stringify({ ...DROPLET, node: '@@EBBTIDE_NODE@@' }), /Wrong in it: node$/],
    ['breaks off', JSON.stringify(DROPLET).slice(0, -4), /Wrong in it: all of it$/],
    ['is empty', '', /all of it$/],
    ['has a key that is none', JSON.stringify({ ...DROPLET, statusKey: 'secret' }), /statusKey$/],
    [
      'has no keys for the store',
      JSON.stringify({ ...DROPLET, spaces: { accessKeyId: 'secret', secretAccessKey: '' } }),
      /spaces\.secretAccessKey$/,
    ],
    [
      'cannot wake anybody',
      JSON.stringify({ ...DROPLET, wake: { url: 'a-secret', secret: 4711 } }),
      /wake\.url, wake\.secret$/,
    ],
    ['has more in it', JSON.stringify({ ...DROPLET, apiToken: 'a-secret' }), /apiToken$/],
  ];
  for (const [given, text, says] of rows) {
    it(`that ${given} is refused, by its parts and not by what they hold`, () => {
      assert.throws(
        () => read(text),
        (error: Error) => {
          assert.match(error.message, says);
          assert.ok(!/secret[^A]|DO00|4711/.test(error.message.replace('wake.secret', '')), error.message);
          return true;
        },
      );
    });
  }
});

describe('an agent on DigitalOcean', () => {
  function configOf(changed: Record<string, unknown> = {}): AgentConfig {
    return v.parse(agentConfigSchema, {
      pool: 'media',
      cloud: {
        kind: 'digitalocean',
        region: 'fra1',
        madeFor: '4711',
        statusBucket: 'b-statuses',
        dropletFile: '/etc/ebbtide/droplet.json',
        ...changed,
      },
      registry: { kind: 'bucket', bucket: 'b-code', statusName: HERE.node },
      media: {
        kind: 'livekit',
        metricsUrl: 'http://127.0.0.1:6789/metrics',
        runtime: { kind: 'systemd', unit: 'livekit.service' },
      },
    });
  }

  it('signs each status for its place in the bucket of statuses, and reads its decision in the bucket of code', async () => {
    const sent: HttpRequest[] = [];
    const date = 'Sun, 01 Mar 2026 12:00:00 GMT';
    const { registry } = connect(
      configOf(),
      {},
      {
        readText: (path) => {
          assert.equal(path, '/etc/ebbtide/droplet.json');
          return JSON.stringify(DROPLET);
        },
        send: async (request) => {
          sent.push(request);
          const body = Buffer.from('<Error><Code>NoSuchKey</Code></Error>');
          return { status: request.method === 'PUT' ? 200 : 404, headers: { date, etag: '"e"' }, body };
        },
      },
    );
    await registry.writeStatus(statusOf(HERE.node));
    assert.deepEqual(await registry.readDecision(HERE.node), { kind: 'none' });
    const [put = assert.fail(), get = assert.fail()] = sent;
    const objectKey = `statuses/${HERE.node}.json`;
    assert.equal(String(put.url), `https://fra1.digitaloceanspaces.com/b-statuses/${objectKey}`);
    assert.equal(String(get.url), `https://fra1.digitaloceanspaces.com/b-code/decisions/${HERE.node}.json`);
    assert.match(put.headers?.authorization ?? '', /Credential=DO00EXAMPLE\/\d{8}\/fra1\/s3\/aws4_request/);
    assert.match(put.headers?.authorization ?? '', /SignedHeaders=[^,]*;x-amz-meta-ebbtide-signature,/);
    const signature = put.headers?.['x-amz-meta-ebbtide-signature'];
    const word = { node: HERE.node, objectKey, body: put.body ?? '', signature };
    assert.equal(verifyStatus(POOL_SECRET, word), 'right');
  });

  it('does not start without its file', () => {
    const readText = () => {
      throw new Error('ENOENT');
    };
    assert.throws(() => connect(configOf(), {}, { readText }), /droplet\.json.*cannot be read/);
  });

  it('leaves by what it says, and says in which cloud it is', () => {
    assert.equal(coreSettings(configOf(), HERE).leavesBy, 'status');
    assert.equal(coreSettings(configOf(), HERE).identity.cloud, 'digitalocean');
  });

  it('says nothing in the name of the machine whose image it woke up in', () => {
    assertMadeFor(configOf(), HERE);
    assert.throws(
      () => assertMadeFor(configOf(), { ...HERE, machine: '4712' }),
      /made for machine 4711, and this is 4712/,
    );
    assert.throws(
      () => assertMadeFor(configOf(), { node: HERE.node, zone: '', address: '' }),
      /made for machine 4711/,
    );
  });

  for (const [given, changed] of [
    ['a region that would name another host', { region: 'evil.example/' }],
    ['a droplet that was not filled in', { madeFor: '{{instanceId}}' }],
    ['no bucket of statuses', { statusBucket: undefined }],
  ] as const) {
    it(`${given} is no configuration`, () => assert.throws(() => configOf(changed)));
  }
});
