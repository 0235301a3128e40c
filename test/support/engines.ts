import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RestartPolicy } from '../../fleet/agent-config.ts';
import { TwinEngine } from '../../lab/engine/twin-engine.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { createDockerEngine, type DockerEngine } from '../../node-agent/runtime/docker-engine.ts';
import { eventually } from '../contract/media-server.ts';

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const IMAGE = 'localhost/ebbtide-empty';
/** An image holds nothing here: a container sees the machine's own programs, and they its files by the same paths. */
const SEEN = ['/usr', '/bin', '/lib', '/lib64', REPOSITORY, dirname(process.execPath)];

/** A container engine that a test has for itself, in a folder of its own. */
export interface EngineUnderTest {
  kind: 'twin' | 'podman';
  folder: string;
  socketPath: string;
  engine: DockerEngine;
  /** The twin, where it is one: it can be told to fail. */
  twin?: TwinEngine;
  /** Makes and starts a container. */
  run(name: string, words: string[], options?: RunOptions): Promise<string>;
  /** What our client does not do, and a person might: gives the HTTP status. */
  ask(method: 'POST' | 'DELETE', path: string): Promise<number>;
  /** Builds an image of one program and nothing else; gives it by its digest. Only of a real engine. */
  build?(name: string, program: string): Promise<string>;
  /** Removes every container. */
  clear(): Promise<void>;
  /** From here on nobody listens; the containers live on. */
  silence(): Promise<void>;
  close(): Promise<void>;
}

export interface RunOptions {
  labels?: Record<string, string>;
  policy?: RestartPolicy;
  stopSignal?: string;
}

/** Why podman cannot be used here; undefined when it can. */
export function podmanIsMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'podman is run as root, on Linux';
  const missing = ['podman', 'runc'].filter((program) => findProgram(program) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not installed; see .ci/podman.sh`;
}

export async function startTwin(): Promise<EngineUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-twin-engine-'));
  const socketPath = join(folder, 'engine.sock');
  const twin = await TwinEngine.start(socketPath);
  return {
    ...common('twin', folder, socketPath),
    twin,
    silence: () => twin.close(),
    async close() {
      await twin.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * podman's service that speaks Docker's API, with storage and settings that are this test's own.
 * @param seen further folders that its containers see.
 * @param registry HOST:PORT of a registry without TLS.
 */
export async function startPodman(seen: string[] = [], registry?: string): Promise<EngineUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-podman-'));
  const environment = await configurePodman(folder, registry);
  await promisify(execFile)(
    'podman',
    ['build', '--isolation', 'chroot', '--tag', IMAGE, join(folder, 'image')],
    {
      env: environment,
    },
  );
  const socketPath = join(folder, 'podman.sock');
  const service = spawn('podman', ['system', 'service', '--time', '0', `unix://${socketPath}`], {
    env: environment,
    stdio: 'ignore',
  });
  await eventually('podman serves', async () => existsSync(socketPath), 10_000);
  const under = common('podman', folder, socketPath, seen);
  const run = (...words: string[]) => promisify(execFile)('podman', words, { env: environment });
  return {
    ...under,
    async clear() {
      await under.clear();
      await run('rm', '--all', '--force', '--time', '0');
      // One that was about to be started again, and was removed meanwhile, can be left with its name in the storage alone.
      const { stdout } = await run('ps', '--all', '--external', '--quiet', '--no-trunc');
      for (const id of stdout.split('\n').filter((line) => line !== ''))
        await run('rm', '--force', '--storage', id);
    },
    async build(name, program) {
      const context = join(folder, name);
      await mkdir(context);
      await copyFile(program, join(context, 'program'));
      await writeFile(
        join(context, 'Containerfile'),
        'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n',
      );
      await run('build', '--isolation', 'chroot', '--tag', `localhost/${name}`, context);
      const { stdout } = await run('image', 'inspect', `localhost/${name}`, '--format', '{{.Digest}}');
      return `localhost/${name}@${stdout.trim()}`;
    },
    silence: () => end(service),
    async close() {
      await end(service);
      await run('rm', '--all', '--force', '--time', '0');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function configurePodman(folder: string, registry: string | undefined): Promise<NodeJS.ProcessEnv> {
  const files = {
    'image/Containerfile': 'FROM scratch\nCOPY empty /empty\n',
    'image/empty': '\n',
    'containers.conf': `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
# Locks in shared memory would be those of the whole machine.
lock_type = "file"
tmp_dir = "${join(folder, 'tmp')}"
`,
    'storage.conf': `[storage]
driver = "vfs"
runroot = "${join(folder, 'run')}"
graphroot = "${join(folder, 'storage')}"
`,
    'registries.conf':
      registry === undefined ? '' : `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return {
    PATH: process.env.PATH,
    HOME: folder,
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
  };
}

function common(kind: 'twin' | 'podman', folder: string, socketPath: string, also: string[] = []) {
  const engine = createDockerEngine({ socketPath, timeoutMs: 10_000 });
  const seen = [...SEEN, folder, ...also].filter(
    (path, index, all) =>
      existsSync(path) && !all.slice(0, index).some((other) => path.startsWith(`${other}/`)),
  );
  async function ask(method: 'POST' | 'DELETE', path: string): Promise<number> {
    const version = await engine.version();
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { socketPath, method, path: `/v${version}${path}`, agent: false },
        (incoming) => {
          incoming.resume();
          incoming.once('end', () => resolve(incoming.statusCode ?? 0));
        },
      );
      outgoing.once('error', reject);
      outgoing.end();
    });
  }
  return {
    kind,
    folder,
    socketPath,
    engine,
    async run(name: string, words: string[], options: RunOptions = {}): Promise<string> {
      const { labels = {}, policy = 'no', stopSignal } = options;
      const id = await engine.create(name, {
        Image: IMAGE,
        Cmd: words,
        Env: [`PATH=${dirname(process.execPath)}:/usr/bin:/bin`],
        Labels: labels,
        ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
        HostConfig: {
          NetworkMode: 'host',
          Binds: seen.map((path) => `${path}:${path}`),
          RestartPolicy: { Name: policy },
        },
      });
      await engine.start(id);
      return id;
    },
    ask,
    async clear() {
      for (const id of await engine.list({})) await ask('DELETE', `/containers/${id}?force=true`);
    },
  };
}

async function end(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return;
  const ended = new Promise((resolve) => service.once('exit', resolve));
  service.kill('SIGKILL');
  await ended;
}
