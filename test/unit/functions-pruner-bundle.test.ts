import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { PruneAnswer } from '../../functions/gcp/pruner/prune.ts';
import { type GoogleServer, serveGoogle } from '../support/google-server.ts';
import { GoogleStandIn } from '../support/google-stand-in.ts';
import { type HostedFunction, hostFunction } from '../support/hosted-function.ts';
import { statusOf } from './support/fleet.ts';

const SETTINGS = {
  pool: 'media',
  project: 'example',
  region: 'europe-west1',
  group: 'ebbtide-media',
  autoscaler: 'ebbtide-media',
  bucket: 'b',
  minServing: 1,
  maxDrains: 1,
  coolDownMs: 0,
  warmUpMs: 0,
  lowForMs: 0,
  warnAfterMs: 3_600_000,
};

describe("the pruner, in Google's functions framework", () => {
  let server: GoogleServer | undefined;
  let hosted: HostedFunction | undefined;
  afterEach(async () => {
    await hosted?.close();
    server?.close();
    hosted = undefined;
    server = undefined;
  });

  async function start(google: GoogleStandIn) {
    server = await serveGoogle(google);
    const environment = { ...server.environment, EBBTIDE_SETTINGS: JSON.stringify(SETTINGS) };
    hosted = await hostFunction('pruner', 'prune', environment);
    return hosted;
  }
  async function wake(url: string, path = '/') {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: '{"node":"ignored"}' });
    return { status: response.status, answer: (await response.json()) as PruneAnswer };
  }

  it('decides, abandons and marks; answers many at once by few runs; does nothing on a dry run', async () => {
    const google = new GoogleStandIn();
    for (const [index, name] of ['ebbtide-media-aaaa', 'ebbtide-media-bbbb'].entries()) {
      google.addMachine(name, `10${index}`);
      google.put(`statuses/${name}.json`, statusOf(name, { work: { rooms: index } }));
    }
    const { url, output } = await start(google);
    const dry = await wake(url, '/?dryRun=1');
    assert.deepEqual([dry.status, dry.answer.decided], [200, ['ebbtide-media-aaaa']]);
    assert.equal(google.read('decisions/ebbtide-media-aaaa.json'), undefined);

    google.asked.length = 0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => wake(url)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
      output(),
    );
    const runs = google.asked.filter((what) => what === 'GET autoscalers/ebbtide-media').length;
    assert.ok(runs <= 4, `${runs} runs`);
    assert.deepEqual([...google.members.keys()], ['ebbtide-media-bbbb']);
    assert.ok(google.instances.get('ebbtide-media-aaaa')?.labels['ebbtide-decision']);
    assert.match(output(), /"event":"pruner","pool":"media","Nodes":2/);
  });

  it('answers 500 where it could not do its work', async () => {
    const google = new GoogleStandIn();
    google.groupExists = false;
    const { status, answer } = await wake((await start(google)).url);
    assert.equal(status, 500);
    assert.match(answer.failures.join(), /no such instance group/);
  });

  it('does not start with settings of another version', async () => {
    const environment = { EBBTIDE_SETTINGS: '{"pool":"media","colour":"red"}' };
    await assert.rejects(hostFunction('pruner', 'prune', environment), /EBBTIDE_SETTINGS: .*project/s);
  });
});
