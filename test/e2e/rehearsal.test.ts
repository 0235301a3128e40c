import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLOUD_NAMES, type CloudName } from '../../lab/cloud/names.ts';
import { lackingFor } from '../../lab/rehearsal/lacking.ts';
import {
  assertKeptItsPromise,
  assertSaidSo,
  type Rehearsal,
  rehearse,
  runOf,
  startRehearsal,
} from '../support/rehearsal.ts';
import { ON_A_SHARED_MACHINE } from '../support/shared-machine.ts';

const MINUTE_MS = 60_000;
/** What each cloud is promised: from the decision to the signal, and from empty to the machine's end. */
const WITHIN_MS = {
  aws: { signal: 2_000, release: 10_000 },
  azure: { signal: 4_000, release: 10_000 },
  digitalocean: { signal: 4_000, release: 10_000 },
  gcp: { signal: 4_000, release: 10_000 },
} satisfies Record<CloudName, { signal: number; release: number }>;

/** As a person types it: all clouds, one after the other. */
describe('rehearsal of all clouds', () => {
  const lacking = new Map(CLOUD_NAMES.map((cloud) => [cloud, lackingFor(cloud)]));
  const able = CLOUD_NAMES.filter((cloud) => lacking.get(cloud) === undefined);
  let folder: string;
  let rehearsal: Rehearsal;
  before(async function () {
    this.timeout(6 * MINUTE_MS * CLOUD_NAMES.length);
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-rehearsal-'));
    rehearsal = await rehearse(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [cloud, why] of lacking) {
    it(`on a twin of ${cloud} scales in without cutting a call, and cuts without Ebbtide${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
      if (why !== undefined) this.skip();
      assertKeptItsPromise(rehearsal, { cloud, media: 'twin' });
      const { signalMs, releaseMs } = runOf(rehearsal, cloud, 'ebbtide');
      const { signal, release } = WITHIN_MS[cloud];
      assertPromised('decision to signal', signalMs, signal);
      assertPromised('empty to gone', releaseMs, release);
    });
  }

  it('says so by its exit code, and compares them in one table', () => {
    assertSaidSo(rehearsal);
    const { output, report } = rehearsal;
    const leftOut = report.leftOut.map(({ cloud }) => cloud);
    assert.deepEqual([...able, ...leftOut].sort(), [...CLOUD_NAMES].sort());
    assert.match(output, new RegExp(`^ +${able.join(' +')}$`, 'm'));
    assert.match(output, new RegExp(`calls cut \\(people\\)${' +0'.repeat(able.length)}$`, 'm'));
    assert.match(output, new RegExp(`without Ebbtide${' +[1-9]\\d*'.repeat(able.length)}$`, 'm'));
    assert.match(output, /No call was cut with Ebbtide; without it the same days cut off \d+ people/);
  });
});

function assertPromised(what: string, timesMs: readonly number[], promisedMs: number): void {
  const withinMs = ON_A_SHARED_MACHINE * promisedMs;
  assert.ok(timesMs.length > 0 && Math.max(...timesMs) <= withinMs, `${what}: ${timesMs.join(', ')} ms`);
}

describe('rehearsal', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-rehearsal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('goes on with the next cloud where one fails, and tells of both', async () => {
    // Several of the real LiveKit need a Redis, and there is none in that PATH.
    const child = startRehearsal(
      ['--cloud', 'gcp', '--cloud', 'aws', '--media', 'livekit', '--livekit-server', process.execPath],
      { ...process.env, PATH: '/nowhere' },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    child.stderr.resume();
    assert.equal(await new Promise((done) => child.once('close', done)), 1, output);
    assert.match(output, /- gcp: the rehearsal failed: redis-server .*\n {2}- aws: the rehearsal failed: /);
  });

  it('leaves no process and no file behind when it is interrupted', async () => {
    const child = startRehearsal([], { ...process.env, TMPDIR: folder });
    let output = '';
    const ended = new Promise((done) => child.once('close', done));
    const twoNodes = new Promise<void>((done) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
        if (/with Ebbtide {2}i-.* takes calls/.test(output)) done();
      });
    });
    await Promise.race([twoNodes, ended]);
    const all = () => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    assert.ok(all().includes(folder), `no process of the rehearsal was there to be ended:\n${output}`);
    child.kill('SIGINT');
    assert.equal(await ended, 130, output);
    assert.ok(!all().includes(folder), all());
    assertNothingLeft();
  });

  it('leaves no process and no file behind when nobody reads what it says any more', async () => {
    const child = startRehearsal([], { ...process.env, TMPDIR: folder });
    child.stdout.once('data', () => child.stdout.destroy());
    child.stderr.resume();
    assert.equal(await new Promise((done) => child.once('exit', done)), 130);
    assert.ok(!execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(folder));
    assertNothingLeft();
  });

  function assertNothingLeft(): void {
    // tsx keeps what it compiled.
    assert.deepEqual(
      readdirSync(folder).filter((name) => !name.startsWith('tsx-')),
      [],
    );
  }
});

describe('arguments of npm start', () => {
  const nowhere = { ...process.env, PATH: '/nowhere' };
  for (const { flags, code, says, env } of [
    {
      flags: ['--cloud', 'azure'],
      code: 1,
      says: /azure is left out: there is no python3 in PATH/,
      env: nowhere,
    },
    { flags: ['--help'], code: 0, says: /--livekit-server PATH/ },
    {
      flags: ['--cloud', 'elsewhere'],
      code: 2,
      says: /elsewhere is not a cloud that has a twin; there is aws, azure, digitalocean and gcp/,
    },
    { flags: ['--media', 'livekit', '--livekit-server', '/nowhere'], code: 1, says: /there is no \/nowhere/ },
    {
      flags: ['--json', '/nowhere/report.json'],
      code: 2,
      says: /--json \/nowhere\/report\.json cannot be written/,
    },
  ]) {
    it(`${flags.join(' ')}${env === undefined ? '' : ', with nothing in PATH'}`, async () => {
      const child = startRehearsal(flags, env);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString('utf8');
        });
      }
      const ended = await new Promise((done) => child.once('close', done));
      assert.equal(ended, code, output);
      assert.match(output, says);
      assert.doesNotMatch(output, /applying the Pulumi program/);
    });
  }
});
