import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConfigFile, RestartPolicy } from '../../fleet/agent-config.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { Ports } from '../../lab/instance/ports.ts';
import type { MediaDriver } from '../../lab/media/driver.ts';
import { API_KEY, API_SECRET } from '../contract/media-server.ts';
import { AgentRig } from './agent-rig.ts';
import type { EngineUnderTest } from './engines.ts';
import { setJobs, signalsIn, standIn } from './media-stand-in.ts';
import { ON_A_SHARED_MACHINE } from './shared-machine.ts';

/** Longer than it takes to prove a node empty. */
const UNPROVEN_MS = 4_000;

interface JobPorts {
  egress: number;
  ingress: number;
  agent: number;
}

/** A node whose agent looks for its media in this engine. */
export async function createOpenviduRig({
  socketPath,
}: EngineUnderTest): Promise<{ rig: AgentRig; jobPorts: JobPorts }> {
  const free = new Ports();
  const jobPorts = { egress: await free.take(), ingress: await free.take(), agent: await free.take() };
  const configure = (config: AgentConfigFile): AgentConfigFile => ({
    ...config,
    media: {
      kind: 'openvidu',
      metricsUrl: config.media.metricsUrl,
      runtime: { kind: 'docker', socketPath },
      egress: { healthPort: jobPorts.egress },
      ingress: { metricsPort: jobPorts.ingress },
      agents: { port: jobPorts.agent },
    },
  });
  return { rig: await AgentRig.create({ configure }), jobPorts };
}

/** The whole story of one node, from its containers' start until it is given back. */
export async function drainOpenvidu(
  under: EngineUnderTest,
  { rig, jobPorts }: { rig: AgentRig; jobPorts: JobPorts },
  driver: MediaDriver,
  server: string,
  livekitConfig: string,
): Promise<void> {
  const signals = join(under.folder, 'signals');
  await writeFile(signals, '');
  const policies = await policiesOf(under);
  const { agent, egress, ingress } = jobPorts;
  await under.run('transcriber', standIn('agent', agent, signals), {
    ...policies.agent,
    labels: { 'openvidu-agent': 'true' },
  });
  await under.run('egress', standIn('egress', egress, signals), policies.other);
  await under.run('ingress', standIn('ingress', ingress, signals), policies.other);
  const file = join(under.folder, 'livekit.yaml');
  await writeFile(file, `${await livekitYaml(rig)}${livekitConfig}`);
  const livekit = await under.run('openvidu', [server, '--config', file], policies.other);

  await rig.startAgent();
  await rig.until('it serves', () => rig.published?.phase === 'serving' && rig.published.work !== null);
  const person = await driver.join(rig.mediaNode, 'room', 'ada');
  await setJobs(egress, 1);
  await rig.until('the person and the recording are seen', () => {
    const { work } = rig.published ?? {};
    return work?.people === 1 && work.egress === 1;
  });
  const before = await under.engine.inspect(livekit);

  rig.target = 'Terminated';
  const signalled = () => rig.logged('media-signalled').length;
  const signalledMs = await rig.until('LiveKit, egress and ingress are signalled', () => signalled() >= 3);
  assert.ok(signalledMs <= 2_000 * ON_A_SHARED_MACHINE, `signalled after ${signalledMs} ms`);
  await rig.until('the agent is old enough to be signalled', () => signalled() === 4);
  await rig.killAgent();
  await rig.startAgent();
  await rig.until(
    'ingress and the agent have ended',
    () => stateOf(rig, 'ingress') === 'exited' && stateOf(rig, 'transcriber') === 'exited',
  );
  assert.equal(stateOf(rig, 'openvidu'), 'signalled');
  await rig.until('the person is there', () => rig.published?.work?.people === 1);

  await person.hangUp();
  assert.deepEqual(await person.ended, { kind: 'hung-up' });
  await rig.until('LiveKit has ended', () => stateOf(rig, 'openvidu') === 'exited');
  await sleep(UNPROVEN_MS);
  assert.equal(rig.published?.phase, 'draining', 'a recording that still uploads keeps its node');
  assert.deepEqual(rig.published?.work, { rooms: 0, people: 0, tracks: 0, egress: 1, ingress: 0, agents: 0 });

  if (under.twin !== undefined) under.twin.trouble = 'error';
  await setJobs(egress, 0);
  if (under.twin !== undefined) {
    await rig.until('the engine is known to be deaf', () => rig.published?.media[0]?.state === 'unknown');
    await sleep(UNPROVEN_MS);
    assert.equal(rig.logged('empty').length, 0, 'an engine that does not answer is no proof');
    under.twin.trouble = undefined;
  }
  await rig.until('it is empty', () => rig.logged('empty').length === 1);
  await rig.until('it is given back', () => rig.published?.phase === 'leaving');

  assert.deepEqual(signalsIn(signals).sort(), ['agent SIGQUIT', 'egress SIGQUIT', 'ingress SIGQUIT']);
  assert.equal(signalled(), 4, 'one signal each, by two agents together');
  const after = await under.engine.inspect(livekit);
  assert.deepEqual(
    [after?.State.Status, after?.State.ExitCode, after?.State.StartedAt, after?.RestartCount],
    ['exited', 0, before?.State.StartedAt, 0],
    'nothing has brought LiveKit back',
  );
  assert.equal((await under.engine.inspect('transcriber'))?.State.ExitCode, 143);
  assert.deepEqual(rig.logged('calls-lost'), []);
  assert.deepEqual(rig.logged('jobs-lost'), []);
}

function stateOf(rig: AgentRig, name: string): NodeStatus['media'][number]['state'] | undefined {
  return rig.published?.media.find((media) => media.name === name)?.state;
}

/** The policies that would bring every container back, as far as this engine can take them away again. */
async function policiesOf({
  engine,
  ask,
}: EngineUnderTest): Promise<Record<'agent' | 'other', { policy: RestartPolicy; stopSignal?: string }>> {
  const id = await engine.create('probe', {
    Image: 'localhost/ebbtide-empty',
    Cmd: ['/bin/true'],
    HostConfig: { NetworkMode: 'host', RestartPolicy: { Name: 'no' } },
  });
  const changed = await engine.setRestartPolicy(id, 'always');
  await ask('DELETE', `/containers/${id}?force=true`);
  if (changed !== 'set') return { agent: { policy: 'no' }, other: { policy: 'on-failure' } };
  // Of an image with this stop signal, Docker takes no other for the wish that it stays away.
  const strict = { policy: 'always', stopSignal: 'SIGTERM' } as const;
  return { agent: strict, other: strict };
}

async function livekitYaml({ ports }: AgentRig): Promise<string> {
  return `port: ${ports.signal}
bind_addresses: ["127.0.0.1"]
rtc:
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  udp_port: ${await new Ports().take()}
  tcp_port: 0
  ips: { includes: ["127.0.0.1/32"] }
prometheus: { port: ${ports.metrics} }
room: { departure_timeout: 1 }
keys: { ${API_KEY}: ${API_SECRET} }
`;
}
