import * as assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import type { Decision } from '../../fleet/decision.ts';
import { type NodeStatus, statusSchema } from '../../fleet/status.ts';
import { Ports } from '../../lab/instance/ports.ts';
import { buildTwinLiveKit } from '../../lab/media/build-twin-livekit.ts';
import type { MediaNode, Participant } from '../../lab/media/driver.ts';
import { TwinDriver } from '../../lab/media/twin-driver.ts';
import { createBundler } from '../../stacks/bundle.ts';

export const NODE = 'i-0123456789abcdef0';
const STATUS_NAME = `AROAEXAMPLE:${NODE}`;

/** What the fake AWS does wrong, by what it is asked for. */
export type Trouble = 'throttle' | 'garbage' | 'hang' | 'refuse';

export interface RigOptions {
  /** The node binary that the agent runs on. */
  node?: string;
  configure?: (config: AgentConfigFile) => AgentConfigFile;
  /** Where the agent finds S3, if not in the rig: a store with a bucket `pool`. */
  storeUrl?: string;
  /** Where it finds another cloud than the rig's AWS. */
  environment?: Record<string, string>;
  /** Whoever ends the agent finds it started again, as by systemd. */
  restarts?: boolean;
}

/**
 * One node with real processes: the agent's bundle, a twin LiveKit found by its pid file, and a small AWS of this
 * test's own (metadata, S3, Auto Scaling in one server), made independently of the lab's twin.
 */
export class AgentRig {
  target = 'InService';
  interruption: string | undefined;
  tags: Record<string, string> = {};
  hookOpen = true;
  decision: Decision | undefined;
  trouble: { metadata?: Trouble; s3?: Trouble; autoscaling?: Trouble } = {};
  calls: { action: string; hook: string; result: string | null }[] = [];
  /** How many requests were answered with trouble. */
  troubled = 0;
  published: NodeStatus | undefined;
  /** What the stack has put into the bucket for nodes. */
  readonly software = new Map<string, string>();
  /** How often the agent was started. */
  starts = 0;
  readonly logs: Record<string, unknown>[] = [];
  readonly driver = new TwinDriver();
  private readonly children = new Set<ChildProcess>();
  private agent: ChildProcess | undefined;
  private isClosing = false;
  media: ChildProcess | undefined;
  mediaPid = 0;

  private constructor(
    readonly folder: string,
    private readonly server: Server,
    readonly ports: { signal: number; metrics: number; agent: number },
    readonly bundlePath: string,
    private readonly options: RigOptions,
  ) {
    server.on(
      'request',
      (incoming: IncomingMessage, outgoing: ServerResponse) => void this.answer(incoming, outgoing),
    );
  }

  static async create(options: RigOptions = {}): Promise<AgentRig> {
    const folder = await mkdtemp(join(tmpdir(), 'ebbtide-rig-'));
    const bundlePath = join(folder, 'ebbtide-agent.cjs');
    await writeFile(bundlePath, (await createBundler().agent()).code);
    await buildTwinLiveKit(join(folder, 'livekit-server'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const free = new Ports();
    const ports = { signal: await free.take(), metrics: await free.take(), agent: await free.take() };
    return new AgentRig(folder, server, ports, bundlePath, options);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get agentPid(): number {
    return this.agent?.pid ?? 0;
  }

  get socket(): string {
    return join(this.folder, 'agent.sock');
  }

  get statePath(): string {
    return join(this.folder, 'state', 'state.json');
  }

  get mediaNode(): MediaNode {
    return {
      id: NODE,
      host: '127.0.0.1',
      signalPort: this.ports.signal,
      metricsPort: this.ports.metrics,
      takenAway: () => false,
    };
  }

  async startMedia(): Promise<void> {
    const { signal, metrics } = this.ports;
    const config = join(this.folder, 'livekit.yaml');
    await writeFile(
      config,
      `port: ${signal}\nbind_addresses: ["127.0.0.1"]\nkeys: {devkey: a-secret-of-at-least-32-characters}\nprometheus: {port: ${metrics}}\nroom: {departure_timeout: 1}\n`,
    );
    const child = this.spawn(join(this.folder, 'livekit-server'), ['--config', config], {});
    this.media = child;
    this.mediaPid = child.pid ?? 0;
    await writeFile(join(this.folder, 'media.pid'), `${this.mediaPid}\n`);
    await this.until('the media answers', async () => (await get(metrics, '/metrics')).status === 200);
  }

  get config(): AgentConfigFile {
    return {
      pool: 'media',
      cloud: {
        kind: 'aws',
        region: 'eu-central-1',
        group: 'ebbtide-media',
        launchHook: 'launch',
        terminateHook: 'terminate',
      },
      registry: { kind: 'bucket', bucket: 'pool', statusName: STATUS_NAME },
      media: {
        kind: 'livekit',
        metricsUrl: `http://127.0.0.1:${this.ports.metrics}/metrics`,
        runtime: { kind: 'pid-file', path: join(this.folder, 'media.pid') },
      },
      stateDirectory: join(this.folder, 'state'),
      socketPath: this.socket,
      http: { address: '127.0.0.1', port: this.ports.agent },
      inhibitShutdown: false,
      every: { heartbeat: '1s', retry: '500ms', runtime: '500ms', work: '500ms', publish: '1s' },
      timeout: { api: '1s' },
    };
  }

  async startAgent(): Promise<void> {
    const path = join(this.folder, 'agent.json');
    const { node = process.execPath, configure = (config) => config, storeUrl, environment } = this.options;
    await writeFile(path, JSON.stringify(configure(this.config)));
    const started = this.logs.length;
    const child = this.spawn(node, [this.bundlePath, 'run', '--config', path], {
      AWS_ENDPOINT_URL: this.endpoint,
      ...(storeUrl === undefined ? {} : { AWS_ENDPOINT_URL_S3: storeUrl }),
      AWS_EC2_METADATA_SERVICE_ENDPOINT: this.endpoint,
      ...environment,
    });
    this.agent = child;
    this.starts += 1;
    if (this.options.restarts) child.once('exit', () => this.restart());
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk.toString()}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.logs.push(JSON.parse(line));
    });
    await this.until('the agent starts', async () =>
      this.logs.slice(started).some(({ event }) => event === 'agent-started'),
    );
  }

  private restart(): void {
    if (!this.isClosing) setTimeout(() => void this.startAgent().catch(() => undefined), 100);
  }

  async killAgent(): Promise<void> {
    await kill(this.agent);
  }

  /** Runs the command line of the agent, as an operator on the node would. */
  cli(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [this.bundlePath, ...words], (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  join(identity: string): Promise<Participant> {
    return this.driver.join(this.mediaNode, 'room', identity);
  }

  async until(what: string, isTrue: () => Promise<boolean> | boolean, timeoutMs = 60_000): Promise<number> {
    const startedAt = Date.now();
    while (Date.now() - startedAt < timeoutMs) {
      try {
        if (await isTrue()) return Date.now() - startedAt;
      } catch (cause) {
        if (cause instanceof assert.AssertionError) throw cause;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const tail = this.logs.slice(-12).map((line) => JSON.stringify(line));
    throw new assert.AssertionError({ message: `${what}: not within ${timeoutMs} ms\n${tail.join('\n')}` });
  }

  logged(event: string): Record<string, unknown>[] {
    return this.logs.filter((line) => line.event === event);
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.driver.close();
    await Promise.all([...this.children].map(kill));
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  private spawn(command: string, words: string[], environment: Record<string, string>): ChildProcess {
    const { PATH = '' } = process.env;
    const child = spawn(command, words, {
      env: { PATH, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    const url = new URL(incoming.url ?? '/', 'http://rig');
    const kind = url.pathname.startsWith('/latest/')
      ? 'metadata'
      : url.pathname.startsWith('/pool')
        ? 's3'
        : 'autoscaling';
    const trouble = this.trouble[kind];
    if (trouble !== undefined) this.troubled += 1;
    if (trouble === 'hang') return;
    if (trouble === 'garbage') {
      outgoing.writeHead(200).end('<<<garbage');
    } else if (trouble === 'throttle') {
      outgoing.writeHead(503).end('<Error><Code>SlowDown</Code><Message>slower</Message></Error>');
    } else if (trouble === 'refuse') {
      outgoing.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    } else if (kind === 'metadata') this.answerMetadata(incoming, url.pathname, outgoing);
    else if (kind === 's3') this.answerS3(incoming.method ?? '', url, body, outgoing);
    else this.answerAutoScaling(new URLSearchParams(body), outgoing);
  }

  private answerMetadata(incoming: IncomingMessage, path: string, outgoing: ServerResponse): void {
    if (incoming.method === 'PUT' && path === '/latest/api/token') {
      outgoing.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }).end('token');
      return;
    }
    if (incoming.headers['x-aws-ec2-metadata-token'] !== 'token') {
      outgoing.writeHead(401).end();
      return;
    }
    const name = path.replace('/latest/meta-data/', '');
    const values: Record<string, string | undefined> = {
      'instance-id': NODE,
      'placement/availability-zone': 'eu-central-1a',
      'local-ipv4': '127.0.0.1',
      'autoscaling/target-lifecycle-state': this.target,
      'spot/instance-action': this.interruption,
      'iam/security-credentials/': 'role',
      'iam/security-credentials/role': JSON.stringify({
        Code: 'Success',
        AccessKeyId: 'ASIAEXAMPLE',
        SecretAccessKey: 'secret',
        Token: 'session',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    };
    const text = values[name] ?? this.tags[name.replace('tags/instance/', '')];
    outgoing.writeHead(text === undefined ? 404 : 200).end(text ?? '');
  }

  private answerS3(method: string, url: URL, body: string, outgoing: ServerResponse): void {
    const key = decodeURIComponent(url.pathname.slice('/pool/'.length));
    const dated = { date: new Date().toUTCString(), 'last-modified': new Date().toUTCString() };
    if (method === 'PUT' && key === `statuses/${STATUS_NAME}.json`) {
      this.published = v.parse(statusSchema, JSON.parse(body));
      outgoing.writeHead(200, { ...dated, etag: '"1"' }).end();
    } else if (method === 'GET' && key === `decisions/${NODE}.json` && this.decision !== undefined) {
      outgoing.writeHead(200, dated).end(JSON.stringify(this.decision));
    } else if (method === 'GET' && this.software.has(key)) {
      outgoing.writeHead(200, dated).end(this.software.get(key));
    } else {
      outgoing.writeHead(404, dated).end('<Error><Code>NoSuchKey</Code></Error>');
    }
  }

  private answerAutoScaling(query: URLSearchParams, outgoing: ServerResponse): void {
    const action = query.get('Action') ?? '';
    const hook = query.get('LifecycleHookName') ?? '';
    assert.equal(query.get('InstanceId'), NODE);
    if (hook === 'terminate' && !(this.hookOpen && this.target === 'Terminated')) {
      const message = `No active Lifecycle Action found with instance ID ${NODE}`;
      outgoing
        .writeHead(400)
        .end(
          `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error></ErrorResponse>`,
        );
      return;
    }
    this.calls.push({ action, hook, result: query.get('LifecycleActionResult') });
    outgoing.writeHead(200).end(`<${action}Response><${action}Result/></${action}Response>`);
  }
}

export function get(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
