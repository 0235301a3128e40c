import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type AgentConfig, agentConfigSchema } from '../fleet/agent-config.ts';
import { buildOf } from '../fleet/agent-update.ts';
import { type Clock, createRealClock } from '../fleet/clock.ts';
import { describeError } from '../fleet/error.ts';
import { VERSION } from '../fleet/version.ts';
import { type Agent, startAgent } from './agent.ts';
import type { Cloud, MachineIdentity } from './clouds/cloud.ts';
import { connect, nodeCloudOf } from './clouds/connect.ts';
import type { CoreSettings } from './core/settings.ts';
import { type DurableState, startState } from './core/state.ts';
import { createCpu } from './cpu.ts';
import { createLog } from './log.ts';
import { connectMedia } from './media-ports.ts';
import { createHttpServer } from './operator/http-server.ts';
import { listenOnSocket } from './operator/socket-server.ts';
import type { Log, Ports } from './ports.ts';
import { createLogindInhibitor, createNoInhibitor } from './runtime/inhibitor.ts';
import { createSetupUnit } from './runtime/setup-unit.ts';
import { takeLock } from './store/lock.ts';
import { createMoment } from './store/moment.ts';
import { createStateFile } from './store/state-file.ts';
import { followUpdates } from './update/follow.ts';
import type { Program } from './update/launch.ts';
import { createUpdater } from './update/updater.ts';

/** The composition root of `ebbtide-agent run`: everything that is real is made and joined here, and nowhere else. */
export async function run(
  configPath: string,
  environment: Readonly<Record<string, string | undefined>>,
  program: Program,
): Promise<void> {
  let durableNow: (() => DurableState) | undefined;
  const log = createLog(() => durableNow?.().decision?.id);
  const clock = createSteadyClock();
  const { now } = clock;
  const config = await readConfig(configPath);
  const unlock = await takeLock(join(config.stateDirectory, 'agent.lock'));

  const { cloud, registry, store } = connect(config, environment);
  const stateFile = createStateFile(config.stateDirectory, await createMoment(now));
  const identity = await identify(cloud, config, log, clock);
  assertMadeFor(config, identity);
  const stored = await stateFile.load();
  if (stored.kind === 'lost') log('error', 'state-lost', { reason: stored.reason });
  const state = startState(identity.node, now(), stored);
  durableNow = () => state.durable;
  const { phase, decision } = state.durable;
  log('info', 'agent-started', {
    version: versionOf(program),
    node: identity.node,
    phase,
    decision: decision?.id,
  });

  const ports: Ports = {
    cloud,
    registry,
    ...connectMedia(config, state.durable, now),
    ...(config.setup === undefined
      ? {}
      : { setup: createSetupUnit(config.setup.unit, config.timeout.runtime) }),
    inhibitor: config.inhibitShutdown ? createLogindInhibitor() : createNoInhibitor(),
    stateFile,
    log,
  };
  const agent = startAgent(
    config,
    coreSettings(config, identity, versionOf(program)),
    ports,
    createCpu(process.env),
    state,
    clock,
  );
  durableNow = agent.durable;
  const updates = followUpdates({
    agent,
    updater: createUpdater({ program, store, configPath }),
    node: identity.node,
    everyMs: config.every.update,
    clock,
    log,
    restart: () => process.kill(process.pid, 'SIGTERM'),
  });
  // The operator's doors are a convenience: a drain goes on without them.
  const socket = await listenOnSocket(agent, updates, config.socketPath).catch((cause: unknown) => {
    log('error', 'socket-not-served', { problem: describeError(cause) });
    return undefined;
  });
  const address = config.http.address === 'private' ? identity.address : config.http.address;
  const http = createHttpServer(agent);
  http.on('error', (cause) =>
    log('error', 'http-not-served', { address, port: config.http.port, problem: describeError(cause) }),
  );
  http.listen(config.http.port, address);
  stopOnSignal(agent, log, async () => {
    updates.stop();
    http.close();
    socket?.close();
    await unlock();
  });
}

/** Whether this agent understands what it would find here; rejects with what it does not. */
export async function check(configPath: string): Promise<void> {
  const config = await readConfig(configPath);
  nodeCloudOf(config);
  const now = Date.now;
  const stored = await createStateFile(config.stateDirectory, await createMoment(now)).load();
  if (stored.kind === 'lost') throw new Error(`the state of this node: ${stored.reason}`);
}

function versionOf({ sha256 }: Program): string {
  return `${VERSION}+${buildOf(sha256)}`;
}

async function readConfig(path: string): Promise<AgentConfig> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`the configuration ${path} cannot be read`, { cause });
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), agentConfigSchema), text);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map(
    (issue) => `  ${v.getDotPath(issue) ?? '(all of it)'}: ${issue.message}`,
  );
  throw new Error(`the configuration ${path} is wrong:\n${problems.join('\n')}`);
}

/** Without knowing which machine this is, nothing can be done; the cloud's metadata may come up after us. */
export async function identify(
  cloud: Cloud,
  config: AgentConfig,
  log: Log,
  clock: Clock,
): Promise<MachineIdentity> {
  while (true) {
    const identity = await cloud.identify();
    if (identity !== undefined) return identity;
    log('warn', 'identity-unknown', { problem: 'the metadata service does not tell which machine this is' });
    await new Promise<void>((resolve) => clock.after(config.every.retry, resolve));
  }
}

/**
 * A configuration that came along in an image of another machine has that one's name and keys. Whoever makes the machine
 * brings it one of its own: until then the agent is started again and again, and says nothing in another's name.
 */
export function assertMadeFor(config: AgentConfig, { machine }: MachineIdentity): void {
  const madeFor = nodeCloudOf(config).madeFor?.(config.cloud);
  if (madeFor === undefined || madeFor === machine) return;
  throw new Error(`the configuration was made for machine ${madeFor}, and this is ${machine}`);
}

export function coreSettings(
  config: AgentConfig,
  identity: MachineIdentity,
  version: string = VERSION,
): CoreSettings {
  const { every, scaleIn } = config;
  const node = nodeCloudOf(config);
  const { template } = config.software;
  return {
    pool: config.pool,
    identity: {
      ...identity,
      cloud: config.cloud.kind,
      software: { agent: version, ...(template === undefined ? {} : { template }) },
      capacity: config.media.capacity ?? null,
    },
    ceilingMs: scaleIn.ceiling,
    onCeiling: scaleIn.onCeiling,
    warnAfterMs: scaleIn.warnAfter,
    onRebalance: node.onRebalance?.(config.cloud) ?? 'report',
    leavesBy: node.leavesBy,
    heartbeatMs: every.heartbeat,
    publishMs: every.publish,
    retryMs: every.retry,
    readingValidMs: 5 * Math.max(every.work, every.runtime) + config.timeout.media + config.timeout.runtime,
  };
}

/** The wall's time at the start, and from there the time that passes: a clock that is set forward ends no ceiling. */
function createSteadyClock(): Clock {
  const offset = Date.now() - performance.now();
  return createRealClock(() => offset + performance.now());
}

/** Stopping the agent touches nothing: the media runs on, and the next agent goes on where this one was. */
function stopOnSignal(agent: Agent, log: Log, close: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log('info', 'agent-stopped', { signal });
      agent.stop();
      close().then(
        () => process.exit(0),
        (cause: unknown) => {
          log('error', 'agent-stopped-badly', { problem: describeError(cause) });
          process.exit(1);
        },
      );
    });
  }
}
