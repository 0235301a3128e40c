import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { NO_WORK } from '../../fleet/status.ts';
import { Ports } from '../../lab/instance/ports.ts';
import type { WorkReading } from '../../node-agent/core/state.ts';
import { createLivekit } from '../../node-agent/media/livekit.ts';
import { createOpenvidu } from '../../node-agent/media/openvidu.ts';
import {
  agentJobsFromWorker,
  egressJobsFromHealth,
  egressJobsFromMetrics,
  ingressJobsFromMetrics,
  type Jobs,
} from '../../node-agent/media/openvidu-jobs.ts';
import { createMediaContainers } from '../../node-agent/runtime/media-containers.ts';
import { eventually } from '../contract/media-server.ts';
import { type EngineUnderTest, startTwin } from '../support/engines.ts';
import { setJobs, standIn } from '../support/media-stand-in.ts';

describe('jobs, as they are told', () => {
  const egress =
    'livekit_egress_can_accept_request{node_id="NE_1"} 1\nlivekit_egress_available{node_id="NE_1"}';
  const ingress = 'livekit_ingress_available{node_id="NE_1"}';
  const cases: { given: string; read: (page: string) => Jobs; page: string; then: number | RegExp }[] = [
    {
      given: 'an idle egress: its CPU is no job',
      read: egressJobsFromHealth,
      page: '{"CpuLoad":3.9}',
      then: 0,
    },
    {
      given: 'an egress with two jobs',
      read: egressJobsFromHealth,
      page: '{"CpuLoad":0.1,"EG_a":{"RoomComposite":{}},"EG_b":{}}',
      then: 2,
    },
    {
      given: 'a health page of something else',
      read: egressJobsFromHealth,
      page: '{"status":"ok"}',
      then: /CpuLoad/,
    },
    {
      given: 'an empty health page',
      read: egressJobsFromHealth,
      page: '',
      then: /not the health page of egress/,
    },
    { given: 'an egress before its first job', read: egressJobsFromMetrics, page: `${egress} 1\n`, then: 0 },
    {
      given: 'a busy egress: "available" would say idle',
      read: egressJobsFromMetrics,
      page: `${egress} 0\nlivekit_egress_requests{type="web"} 1\nlivekit_egress_requests{type="track"} 2\n`,
      then: 3,
    },
    {
      given: 'the metrics of ingress, where egress is expected',
      read: egressJobsFromMetrics,
      page: `${ingress} 1\n`,
      then: /do not hold livekit_egress_can_accept_request/,
    },
    {
      given: 'an ingress before its first job',
      read: ingressJobsFromMetrics,
      page: `${ingress} 1\n`,
      then: 0,
    },
    {
      given: 'an ingress that drains: not available, and with a job',
      read: ingressJobsFromMetrics,
      page: `${ingress} 0\nlivekit_ingress_requests{transcoding="true",type="rtmp"} 1\n`,
      then: 1,
    },
    { given: 'an empty page of metrics', read: ingressJobsFromMetrics, page: '', then: /do not hold/ },
    {
      given: 'a value that is none',
      read: ingressJobsFromMetrics,
      page: `${ingress} 1\nlivekit_ingress_requests{type="rtmp"} NaN\n`,
      then: /NaN/,
    },
    { given: 'an agent', read: agentJobsFromWorker, page: '{"agent_name":"a","active_jobs":2}', then: 2 },
    { given: 'an agent’s health page', read: agentJobsFromWorker, page: 'OK', then: /not an agent's page/ },
    {
      given: 'an agent that does not tell',
      read: agentJobsFromWorker,
      page: '{"agent_name":"a"}',
      then: /active_jobs/,
    },
  ];
  for (const { given, read, page, then } of cases) {
    it(`${given}: ${typeof then === 'number' ? then : 'unknown'}`, () => {
      const jobs = read(page);
      if (typeof then === 'number') assert.deepEqual(jobs, { jobs: then });
      else assert.match('reason' in jobs ? jobs.reason : '', then);
    });
  }
});

describe('the work of an OpenVidu media node', () => {
  let under: EngineUnderTest;
  let ports: { livekit: number; egress: number; ingress: number; agent: number };
  let livekit: Server | undefined;
  let page: string;

  beforeEach(async () => {
    under = await startTwin();
    const free = new Ports();
    ports = {
      livekit: await free.take(),
      egress: await free.take(),
      ingress: await free.take(),
      agent: await free.take(),
    };
    page = 'livekit_room_total 1\nlivekit_participant_total 3\n';
    livekit = undefined;
  });
  afterEach(async () => {
    livekit?.closeAllConnections();
    livekit?.close();
    await under.close();
  });

  /** The metrics of LiveKit, whatever runs in its container. */
  async function serveLivekit(): Promise<void> {
    livekit = createServer((_, outgoing) => outgoing.end(page));
    await new Promise<void>((resolve) => livekit?.listen(ports.livekit, '127.0.0.1', resolve));
  }

  const signals = () => join(under.folder, 'signals');

  async function run(name: 'openvidu' | 'egress' | 'ingress' | 'agent'): Promise<void> {
    if (name === 'openvidu') {
      await under.run('openvidu', ['/bin/sleep', '60']);
      return;
    }
    const labels = name === 'agent' ? { 'openvidu-agent': 'true' } : {};
    await under.run(name, standIn(name, ports[name], signals()), { labels });
    await eventually(`${name} answers`, () => setJobs(ports[name], 0), 10_000);
  }

  function readWork(change: { ingressPort?: undefined; egressMetrics?: number } = {}): Promise<WorkReading> {
    const metricsUrl = `http://127.0.0.1:${ports.livekit}/metrics`;
    const names = {
      livekit: 'openvidu',
      egress: 'egress',
      ingress: 'ingress',
      agentLabel: 'openvidu-agent=true',
    };
    return createOpenvidu({
      livekit: createLivekit({ metricsUrl, redisFile: undefined, timeoutMs: 3_000, now: Date.now }),
      readContainers: createMediaContainers(under.engine, names, []),
      egress: { healthPort: ports.egress, metricsPort: change.egressMetrics },
      ingress: { metricsPort: 'ingressPort' in change ? change.ingressPort : ports.ingress },
      agents: { port: ports.agent },
      timeoutMs: 3_000,
    }).readWork();
  }

  async function reasonOf(reading: Promise<WorkReading>): Promise<string> {
    const { kind, ...rest } = await reading;
    assert.equal(kind, 'unknown');
    return 'reason' in rest ? rest.reason : '';
  }

  it('is what all of them tell together', async () => {
    await serveLivekit();
    for (const name of ['openvidu', 'egress', 'ingress', 'agent'] as const) await run(name);
    await setJobs(ports.egress, 2);
    await setJobs(ports.ingress, 1);
    await setJobs(ports.agent, 4);
    assert.deepEqual(await readWork(), {
      kind: 'known',
      work: { rooms: 1, people: 3, tracks: 0, egress: 2, ingress: 1, agents: 4 },
    });
  });

  it('a container that is not there, or has ended, has no jobs', async () => {
    await serveLivekit();
    await run('openvidu');
    await run('egress');
    await under.engine.kill('egress', 'SIGQUIT');
    await eventually(
      'it has ended',
      async () => (await under.engine.inspect('egress'))?.State.Running === false,
      5_000,
    );
    assert.deepEqual(await readWork(), { kind: 'known', work: { ...NO_WORK, rooms: 1, people: 3 } });
  });

  it('LiveKit that has ended has no calls; a recording that still uploads is a job', async () => {
    await run('openvidu');
    await run('egress');
    await setJobs(ports.egress, 1);
    assert.equal((await readWork()).kind, 'unknown');
    await under.engine.kill('openvidu', 'SIGKILL');
    await eventually(
      'it has ended',
      async () => (await under.engine.inspect('openvidu'))?.State.Running === false,
      5_000,
    );
    const ended = { kind: 'known', work: { ...NO_WORK, egress: 1 }, nobodyListens: true };
    assert.deepEqual(await readWork(), ended);
  });

  it('LiveKit of which no container is found may have calls, whatever the others say', async () => {
    await run('egress');
    await setJobs(ports.egress, 1);
    assert.match(await reasonOf(readWork()), /no container of LiveKit is found under its name/);
  });

  it('nothing at all is not "nothing to do": the runtime proves that, not the work', async () => {
    assert.match(await reasonOf(readWork()), /no media container runs/);
  });

  it('LiveKit that answers, though its container is not seen under its name, has its calls', async () => {
    await serveLivekit();
    assert.deepEqual(await readWork(), { kind: 'known', work: { ...NO_WORK, rooms: 1, people: 3 } });
  });

  it('one that runs and does not tell makes the whole unknown, and is named', async () => {
    await serveLivekit();
    await run('openvidu');
    await under.run('egress', ['/bin/sleep', '60']);
    const reason = await reasonOf(readWork());
    assert.match(reason, /egress runs and does not tell its jobs: .*ECONNREFUSED.*health_port/);
  });

  it('metrics that are switched off are told, each with what switches them on', async () => {
    await run('openvidu');
    await run('ingress');
    const reason = await reasonOf(readWork({ ingressPort: undefined }));
    assert.match(reason, /LiveKit runs and does not tell its work: .*prometheus\.port/);
    assert.match(
      reason,
      /ingress runs .*its metrics are off: set prometheus_port .*media\.ingress\.metricsPort/,
    );
  });

  it('LiveKit that does not tell makes the whole unknown, whatever the others say', async () => {
    await run('openvidu');
    await run('egress');
    assert.match(await reasonOf(readWork()), /LiveKit runs and does not tell its work/);
  });

  it('a page of another program is no answer', async () => {
    await serveLivekit();
    await run('openvidu');
    await run('egress');
    assert.match(
      await reasonOf(readWork({ egressMetrics: ports.livekit })),
      /egress runs .*do not hold livekit_egress/,
    );
  });

  it('an engine that does not answer: unknown, whatever LiveKit says', async () => {
    await serveLivekit();
    await under.silence();
    assert.match(await reasonOf(readWork()), /container engine at .* (is not there|does not run)/);
  });
});
