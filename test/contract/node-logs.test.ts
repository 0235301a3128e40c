import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLog } from '../../node-agent/log.ts';
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts';
import { type LogReceiver, layWire, startReceiver, type Wire } from '../support/log-receiver.ts';
import { type NodeLogs, nodeLogsAreMissing, startNodeLogs } from '../support/node-logs.ts';
import { eventually } from './media-server.ts';

const HOST = 'logs.example.org';
const PROTOCOLS = ['tcp', 'tls'] as const;
const DECISION = 'd-20261122-1';
const missing = nodeLogsAreMissing();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
const WITHIN_MS = 60_000;

/** What becomes of the sender while there is nobody to send to. */
const MEANWHILE: [string, (sender: NodeLogs) => Promise<void> | void][] = [
  ['', (sender) => assert.ok(sender.isSending())],
  [
    ', though the sender was stopped meanwhile',
    async (sender) => {
      await sender.stopSender();
      sender.startSender();
    },
  ],
  [', though the sender crashed meanwhile', (sender) => sender.killSender()],
];

/**
 * Everything here is real: the files that a stack makes, at their places in a mount namespace; systemd's journal; rsyslogd,
 * on the node as its unit starts it, and as the one who receives.
 */
describe(`a node's log goes where its operator reads it${skipped}`, function () {
  this.timeout(360_000);
  let folder: string;
  let authority: Authority;
  let wire: Wire;
  let node: NodeLogs | undefined;
  let receiver: LogReceiver | undefined;

  before(function () {
    if (missing !== undefined) this.skip();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-logs-'));
    authority = createAuthority(folder);
    wire = await layWire();
  });
  afterEach(async () => {
    await node?.stop();
    await receiver?.stop();
    [node, receiver] = [undefined, undefined];
    await wire.cut();
    rmSync(folder, { recursive: true });
  });

  async function startNode(protocol: (typeof PROTOCOLS)[number], trusts: Authority): Promise<NodeLogs> {
    node = await startNodeLogs({
      to: { protocol, host: HOST, port: wire.port },
      trusts: readFileSync(trusts.certificate, 'utf8'),
    });
    return node;
  }
  async function receive(certificate: Certificate | undefined): Promise<LogReceiver> {
    receiver = await startReceiver(folder, certificate);
    await wire.leadTo(receiver.port);
    return receiver;
  }
  const logOf = (to: NodeLogs) => createLog(() => DECISION, to.write);
  const arrived = (there: LogReceiver, event: string) =>
    there.messages().filter((line) => line.includes(`"event":"${event}"`));

  for (const protocol of PROTOCOLS) {
    it(`a line of the agent arrives whole, with the id of its decision, by ${protocol}`, async () => {
      const certificate = protocol === 'tls' ? authority.certify(HOST) : undefined;
      const there = await receive(certificate);
      const from = await startNode(protocol, authority);
      from.startSender();
      logOf(from)('info', 'drain-decided', { reason: 'fewest calls: 3 rooms' });
      // All that was passed over makes the longest lines.
      logOf(from)('warn', 'long', { text: 'é'.repeat(15_000) });
      await eventually('both are there', () => arrived(there, 'long').length > 0, WITHIN_MS);
      const [line = ''] = arrived(there, 'drain-decided');
      assert.match(line, /^<\d+>1 \d{4}-\d\d-\d\dT\S+ \S+ ebbtide-agent \S+ - - +\{"at":/);
      const said = JSON.parse(line.slice(line.indexOf('{')));
      assert.deepEqual([said.decision, said.reason], [DECISION, 'fewest calls: 3 rooms']);
      const [long = ''] = arrived(there, 'long');
      assert.equal(JSON.parse(long.slice(long.indexOf('{'))).text.length, 15_000);
      const inClear = wire.sent().some((bytes) => bytes.includes('drain-decided'));
      assert.equal(inClear, protocol === 'tcp');
    });

    for (const [meanwhile, happens] of MEANWHILE) {
      it(`nothing waits for a receiver that is out, and it has all when it is back${meanwhile}, by ${protocol}`, async () => {
        const there = await receive(protocol === 'tls' ? authority.certify(HOST) : undefined);
        const from = await startNode(protocol, authority);
        from.startSender();
        const log = logOf(from);
        log('info', 'before');
        await eventually('the first is there', () => arrived(there, 'before').length > 0, WITHIN_MS);
        await wire.cut();
        // What is under way when a connection breaks is lost, and the sender sees the break by that.
        await eventually(
          'the sender has seen it',
          async () => {
            log('info', 'under-way');
            await sleep(200);
            return /suspended|connect/.test(from.senderSaid());
          },
          WITHIN_MS,
        );
        const events = Array.from({ length: 3_000 }, (_, index) => `out-${index}`);
        for (const event of events) log('info', event);
        await happens(from);
        await wire.leadTo(there.port);
        const missed = () => {
          const heard = new Set(there.messages().map((line) => /"event":"([\w-]+)"/.exec(line)?.[1]));
          return events.filter((event) => !heard.has(event));
        };
        await eventually('all are there', () => missed().length === 0, WITHIN_MS);
      });
    }
  }

  for (const [what, wrong] of [
    ['of an authority that it does not trust', () => createAuthority(folder).certify(HOST)],
    ['for another host', () => authority.certify('elsewhere.example.org')],
  ] as const) {
    it(`with a certificate ${what} nothing is sent, and it comes when there is another`, async () => {
      const there = await receive(wrong());
      const from = await startNode('tls', authority);
      from.startSender();
      logOf(from)('info', 'secret-line');
      await eventually('it has tried, and tried again', () => wire.sent().length > 2, WITHIN_MS);
      assert.deepEqual(there.messages(), []);
      assert.ok(wire.sent().every((bytes) => !bytes.includes('secret-line') && !bytes.includes(DECISION)));
      assert.ok(wire.sent().some((bytes) => bytes.startsWith('\x16\x03')));
      await there.stop();
      const again = await receive(authority.certify(HOST));
      await eventually('it has come', () => arrived(again, 'secret-line').length > 0, WITHIN_MS);
    });
  }

  it('with TLS nothing is sent in clear to one that speaks none', async () => {
    const there = await receive(undefined);
    const from = await startNode('tls', authority);
    from.startSender();
    logOf(from)('info', 'secret-line');
    await eventually('it has tried', () => wire.sent().length > 0, WITHIN_MS);
    await there.stop();
    await eventually('it has tried again', () => wire.sent().length > 1, WITHIN_MS);
    assert.ok(wire.sent().every((bytes) => !bytes.includes('secret-line')));
    assert.ok(wire.sent().every((bytes) => bytes === '' || bytes.startsWith('\x16\x03')));
  });
});
