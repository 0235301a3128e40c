import * as assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Decision } from '../../fleet/decision.ts';
import type { AgentState } from '../../node-agent/core/state.ts';
import { statusOf } from '../../node-agent/core/status.ts';
import { type Metric, writeExposition } from '../../node-agent/operator/exposition.ts';
import { metricsOf, processMetrics } from '../../node-agent/operator/metrics.ts';
import { AgentWorld, NODE, T0 } from '../support/agent-world.ts';

const DECISION: Decision = {
  v: 1,
  id: 'd-1',
  node: NODE,
  pool: 'media',
  at: new Date(T0 + 10_000).toISOString(),
  by: 'termination-policy',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
};

function stateOf({ agent }: AgentWorld): AgentState {
  assert.ok(agent !== undefined);
  return agent;
}

function metricsIn(world: AgentWorld): Metric[] {
  const state = stateOf(world);
  const { settings, at } = world;
  return metricsOf({ status: statusOf(state, settings, at), state, settings, at });
}

/** The one sample of that name with those labels, among others. */
function value(world: AgentWorld, name: string, labels: Record<string, string> = {}): number | undefined {
  const samples = metricsIn(world).find((metric) => metric.name === name)?.samples;
  assert.ok(samples !== undefined, `there is a metric ${name}`);
  const found = samples.filter((sample) =>
    Object.entries(labels).every(([label, text]) => sample.labels?.[label] === text),
  );
  assert.ok(found.length <= 1, `${name} ${JSON.stringify(labels)} is one series`);
  return found[0]?.value;
}

function serving(settings = {}, people = 1): AgentWorld {
  const world = new AgentWorld(settings);
  world.pass(10_000);
  if (world.media !== undefined) world.media.people = people;
  world.pass(3_000);
  return world;
}

function chosen(world: AgentWorld): void {
  world.decision = DECISION;
  world.target = 'leave';
  world.pass(2_000);
}

function hangUp(world: AgentWorld): void {
  if (world.media !== undefined) world.media.people = 0;
}

describe('what the agent counts of its drains', () => {
  const lengths = [
    { given: 'a drain within the expected length', drainMs: 60_000, inTime: 1 },
    { given: 'a drain that takes longer', drainMs: 400_000, inTime: 0 },
  ];
  for (const { given, drainMs, inTime } of lengths) {
    it(`${given} counts ${inTime} in time, through a restart of the agent in the middle`, () => {
      const world = serving({ warnAfterMs: 120_000 });
      chosen(world);
      assert.equal(value(world, 'ebbtide_drains_begun_total'), 1);
      assert.equal(value(world, 'ebbtide_drains_emptied_total'), 0);
      world.pass(drainMs / 2);
      world.startAgent();
      world.pass(drainMs / 2);
      assert.ok((value(world, 'ebbtide_drain_age_seconds', { decision: 'd-1' }) ?? 0) >= drainMs / 1000);
      hangUp(world);
      assert.ok(world.pass(30_000, () => world.released));
      assert.equal(value(world, 'ebbtide_drains_begun_total'), 1, 'one drain, by two agents');
      assert.equal(value(world, 'ebbtide_drains_emptied_total'), 1);
      assert.equal(value(world, 'ebbtide_drains_in_time_total'), inTime);
      assert.equal(value(world, 'ebbtide_drains_ended_total'), 1);
      const took = value(world, 'ebbtide_drain_seconds_total') ?? 0;
      assert.ok(took >= drainMs / 1000 && took <= drainMs / 1000 + 30, `took ${took} s`);
      assert.equal(value(world, 'ebbtide_drain_age_seconds', { decision: 'd-1' }), took);
      const stages = ['signal', 'empty', 'release'].map((stage) =>
        value(world, 'ebbtide_drain_stage_seconds', { stage }),
      );
      assert.ok(stages.every((seconds) => seconds !== undefined));
      assert.ok(Math.abs((stages[0] ?? 0) + (stages[1] ?? 0) - took) < 0.001, 'the parts make the whole');
      world.startAgent();
      world.pass(1_000);
      assert.equal(value(world, 'ebbtide_drains_ended_total'), 1, 'and it is remembered');
      assert.equal(value(world, 'ebbtide_give_back_seconds_total'), stages[2]);
    });
  }

  it('nothing is told of a drain while there is none, and no ceiling where none is set', () => {
    const world = serving();
    for (const name of [
      'ebbtide_drain_age_seconds',
      'ebbtide_drain_ceiling_seconds',
      'ebbtide_decision_info',
    ])
      assert.equal(value(world, name), undefined);
    assert.equal(value(world, 'ebbtide_drain_expected_seconds'), 4 * 3_600);
    assert.equal(value(serving({ ceilingMs: 60_000 }), 'ebbtide_drain_ceiling_seconds'), 60);
  });

  it('a node that was empty before the cloud asked for it has no drain to count', () => {
    const world = serving({}, 0);
    world.command({ kind: 'drain', reason: 'maintenance' });
    assert.ok(world.pass(60_000, () => world.phase === 'empty'));
    world.pass(600_000);
    chosen(world);
    assert.ok(world.pass(30_000, () => world.released));
    assert.equal(value(world, 'ebbtide_drains_begun_total'), 1);
    assert.equal(value(world, 'ebbtide_drains_emptied_total'), 1);
    assert.equal(value(world, 'ebbtide_drain_age_seconds'), 0);
    assert.ok((value(world, 'ebbtide_give_back_seconds_total') ?? 99) < 10, 'the maintenance does not count');
  });

  it('jobs that end with their process are counted by their kind', () => {
    const world = new AgentWorld({}, ['egress']);
    world.pass(10_000);
    const egress = world.lives.get('egress');
    assert.ok(egress !== undefined);
    egress.people = 2;
    world.pass(4_000);
    world.crashMedia('egress');
    world.pass(4_000);
    assert.equal(value(world, 'ebbtide_jobs_lost_total', { kind: 'egress' }), 2);
    assert.equal(value(world, 'ebbtide_jobs_lost_total', { kind: 'agents' }), 0);
    assert.equal(value(world, 'ebbtide_calls_lost_total'), 0);
  });
});

describe('what the agent does not do, and why', () => {
  const cases: { given: string; of: string; reason: string; arrange(): AgentWorld }[] = [
    {
      given: 'an operator protects the node',
      of: 'choice',
      reason: 'protected',
      arrange() {
        const world = serving();
        world.notify({ kind: 'protected-read', at: world.at, protected: true });
        return world;
      },
    },
    {
      given: 'the metrics of a serving node do not answer',
      of: 'choice',
      reason: 'work-unknown',
      arrange() {
        const world = serving();
        world.faults.add('metrics');
        world.pass(3_000);
        return world;
      },
    },
    {
      given: 'the disk is full when the drain begins',
      of: 'signal',
      reason: 'state-not-written',
      arrange() {
        const world = serving();
        world.faults.add('disk');
        chosen(world);
        return world;
      },
    },
    {
      given: 'the runtime does not take the signal',
      of: 'signal',
      reason: 'not-sent',
      arrange() {
        const world = serving();
        world.faults.add('signal-unsent');
        chosen(world);
        return world;
      },
    },
    {
      given: 'nobody knows whether the signal arrived',
      of: 'signal',
      reason: 'uncertain',
      arrange() {
        const world = serving();
        world.faults.add('signal-refused');
        chosen(world);
        return world;
      },
    },
    {
      given: 'the media fails again and again',
      of: 'empty',
      reason: 'media-starts-again',
      arrange() {
        const world = serving();
        chosen(world);
        world.endMedia(undefined);
        world.loops.add('livekit');
        world.pass(3_000);
        return world;
      },
    },
    {
      given: 'the runtime does not answer in mid-drain',
      of: 'empty',
      reason: 'runtime-unknown',
      arrange() {
        const world = serving();
        chosen(world);
        world.faults.add('runtime');
        world.pass(2_000);
        return world;
      },
    },
    {
      given: 'the hook has ended',
      of: 'release',
      reason: 'no-hook',
      arrange() {
        const world = serving();
        chosen(world);
        world.hookOpen = false;
        hangUp(world);
        world.pass(60_000);
        return world;
      },
    },
    {
      given: 'the cloud does not take the machine',
      of: 'release',
      reason: 'failed',
      arrange() {
        const world = serving();
        chosen(world);
        hangUp(world);
        world.faults.add('api');
        world.pass(60_000);
        return world;
      },
    },
  ];
  for (const { given, of, reason, arrange } of cases) {
    it(`${given}: ${of}, ${reason}; once for as long as it lasts`, () => {
      const world = arrange();
      const count = () => value(world, 'ebbtide_refusals_total', { of, reason });
      assert.equal(value(world, 'ebbtide_refusing', { of, reason }), 1);
      const before = count() ?? 0;
      assert.ok(before >= 1);
      world.pass(20_000);
      if (value(world, 'ebbtide_refusing', { of, reason }) === 1) assert.equal(count(), before);
    });
  }

  it('an operator who is told no is counted by the reason', () => {
    const world = serving();
    chosen(world);
    world.command({ kind: 'resume' });
    world.command({ kind: 'resume' });
    assert.equal(value(world, 'ebbtide_refusals_total', { of: 'resume', reason: 'cloud-takes-it' }), 2);
  });

  it('a node that serves, or that waits for its last call to end, refuses nothing', () => {
    const world = serving();
    const none = () => metricsIn(world).find(({ name }) => name === 'ebbtide_refusing')?.samples;
    assert.deepEqual(none(), []);
    chosen(world);
    world.pass(600_000);
    assert.deepEqual(none(), []);
  });
});

/** Every page that the tests above can bring about in one go: a node with everything to tell. */
function richPage(template = 'plain'): Metric[] {
  const world = serving({
    ceilingMs: 60_000,
    identity: {
      node: NODE,
      cloud: 'aws',
      zone: 'eu-central-1a',
      address: '10.0.0.1',
      software: { agent: '0.1.0+0123456789ab', template },
      capacity: 100,
    },
  });
  chosen(world);
  world.decision = { ...DECISION, deadline: new Date(world.at + 120_000).toISOString() };
  world.faults.add('signal-refused');
  world.pass(90_000);
  return [...metricsIn(world), ...processMetrics(T0, 50_000_000)];
}

describe('the page for Prometheus', () => {
  const TEXTS = [
    'plain',
    'a "quoted" word',
    'back\\slash',
    'two\nlines',
    'both \\" and \\n',
    'ünï',
    '{a="b"}',
  ];

  it('tells each family once, with its help and type, and no series twice', () => {
    const page = writeExposition(richPage());
    for (const word of ['HELP', 'TYPE']) {
      const told = [...page.matchAll(new RegExp(`^# ${word} (\\S+) `, 'gm'))].map(([, name]) => name);
      assert.equal(new Set(told).size, told.length);
      assert.equal(told.length, richPage().length);
    }
    const series = page
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(series).size, series.length);
  });

  it('two alarms of one name are one series that says 2', () => {
    const world = serving();
    const state = stateOf(world);
    const status = statusOf(state, world.settings, world.at);
    const alarm = { name: 'signal-uncertain', since: status.at, text: 'of one process' };
    const metrics = metricsOf({
      status: { ...status, alarms: [alarm, alarm] },
      state,
      settings: world.settings,
      at: world.at,
    });
    assert.deepEqual(metrics.find(({ name }) => name === 'ebbtide_alarm')?.samples, [
      { labels: { name: 'signal-uncertain' }, value: 2 },
    ]);
  });

  it('names are such as Prometheus wants them: counters end in _total, and nothing else does', () => {
    for (const { name, type } of richPage()) {
      assert.match(name, /^(ebbtide|process)_[a-z_]+$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
    }
  });

  it('whatever is in a label stays one line, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...TEXTS)), (text) => {
        const page = writeExposition([
          { name: 'x', type: 'gauge', help: 'y', samples: [{ labels: { text }, value: 1 }] },
        ]);
        const line = page.split('\n')[2] ?? '';
        const quoted = /^x\{text="((?:[^"\\]|\\["\\n])*)"\} 1$/.exec(line)?.[1];
        assert.ok(quoted !== undefined, line);
        const back = quoted.replaceAll(/\\(.)/g, (_, what: string) => (what === 'n' ? '\n' : what));
        assert.equal(back, text);
        assert.equal(page.split('\n').length, 4);
      }),
    );
  });

  it("Prometheus' own parser reads every sample as it was meant (needs EBBTIDE_PROMETHEUS_PYTHON: .ci/prometheus.sh)", async function () {
    const python = process.env.EBBTIDE_PROMETHEUS_PYTHON;
    if (python === undefined) return this.skip();
    for (const text of TEXTS) {
      const metrics = richPage(text);
      const read = await parse(python, writeExposition(metrics));
      const meant = metrics.map(({ name, type, help, samples }) => ({
        // A counter's family is named without its ending.
        name: type === 'counter' ? name.replace(/_total$/, '') : name,
        type,
        help,
        samples: samples.map(({ labels = {}, value: figure }) => [name, labels, figure]),
      }));
      assert.deepEqual(read, meant);
    }
  });
});

const PARSER = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as read
print(json.dumps([{'name': f.name, 'type': f.type, 'help': f.documentation,
  'samples': [[s.name, s.labels, s.value] for s in f.samples]} for f in read(sys.stdin.read())]))
`;

function parse(python: string, page: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = execFile(python, ['-c', PARSER], (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(error);
    });
    child.stdin?.end(page);
  });
}
