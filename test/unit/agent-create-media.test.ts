import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WantedContainer } from '../../fleet/wanted-container.ts';
import { readAccount } from '../../node-agent/container/account.ts';
import { awaitMedia, createMedia } from '../../node-agent/container/create-media.ts';
import { containerDefinition, nextStep } from '../../node-agent/container/definition.ts';
import { type Container, type DockerEngine, EngineError } from '../../node-agent/runtime/docker-engine.ts';

const IMAGE = `docker.io/livekit/livekit-server@sha256:${'d'.repeat(64)}`;
const WANTED: WantedContainer = {
  socketPath: '/run/docker.sock',
  name: 'livekit',
  image: IMAGE,
  config: '/etc/ebbtide/media/livekit.yaml',
  user: 'ebbtide-media',
  accounts: '/etc/passwd',
  restartPolicy: 'on-failure',
  openFiles: 1024,
};
const ACCOUNT = { uid: 998, gid: 997 };
const DEFINITION = containerDefinition(WANTED, ACCOUNT);

interface Given {
  running?: boolean;
  policy?: string;
  labels?: Record<string, string>;
}

function container({ running = false, policy = 'on-failure', labels = DEFINITION.Labels }: Given): Container {
  return {
    Id: 'c1',
    Name: '/livekit',
    RestartCount: 0,
    Config: { Image: IMAGE, Labels: labels },
    State: {
      Status: running ? 'running' : 'exited',
      Running: running,
      Pid: running ? 77 : 0,
      ExitCode: 0,
      Error: '',
      OOMKilled: false,
      StartedAt: '2026-01-01T00:00:00Z',
    },
    HostConfig: { NetworkMode: 'host', RestartPolicy: { Name: policy, MaximumRetryCount: 0 } },
    NetworkSettings: undefined,
  };
}

describe("the media server's container", () => {
  it('has no rights, nothing to write to, and the config as a file; never as a secret of its own', () => {
    const { HostConfig, User, Cmd, ...others } = DEFINITION;
    assert.deepEqual(
      [User, Cmd, HostConfig.Binds],
      [
        '998:997',
        ['--config', WANTED.config],
        ['/etc/ebbtide/media/livekit.yaml:/etc/ebbtide/media/livekit.yaml:ro'],
      ],
    );
    assert.deepEqual(
      [HostConfig.CapDrop, HostConfig.SecurityOpt, HostConfig.ReadonlyRootfs, HostConfig.NetworkMode],
      [['ALL'], ['no-new-privileges'], true, 'host'],
    );
    assert.deepEqual(Object.keys(others).sort(), ['Image', 'Labels']);
    assert.ok(!('Privileged' in HostConfig));
  });

  const steps: [string, Given | undefined, string, RegExp][] = [
    ['none', undefined, 'create', /there is none/],
    ['one that runs', { running: true }, 'leave', /it runs/],
    ['one that runs and drains', { running: true, policy: 'no' }, 'leave', /it runs/],
    ['one that was drained', { policy: 'no' }, 'leave', /was drained: `ebbtide-agent resume` starts it/],
    ['one that served when the machine was switched off', {}, 'start', /it is exited/],
    ["somebody else's", { labels: {} }, 'refuse', /was not made from this definition: remove it once/],
    [
      'one of another definition that runs',
      { running: true, labels: { 'ebbtide.definition': 'x' } },
      'refuse',
      /not made from this/,
    ],
  ];
  for (const [given, found, kind, why] of steps) {
    it(`${given}: ${kind}`, () => {
      const step = nextStep(found === undefined ? undefined : container(found), DEFINITION);
      assert.equal(step.kind, kind);
      assert.match(step.why, why);
    });
  }

  it('is another one for another image, config, account or restart policy', () => {
    const changes: Partial<WantedContainer>[] = [{ image: 'x' }, { config: '/y' }, { restartPolicy: 'no' }];
    const labels = [
      ...changes.map((change) => containerDefinition({ ...WANTED, ...change }, ACCOUNT).Labels),
      containerDefinition(WANTED, { uid: 1, gid: 997 }).Labels,
      DEFINITION.Labels,
    ];
    assert.equal(new Set(labels.map((label) => JSON.stringify(label))).size, 5);
  });
});

describe('create-media', () => {
  let folder: string;
  let did: string[];
  let logged: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-create-'));
    writeFileSync(
      join(folder, 'passwd'),
      'root:x:0:0::/:/bin/sh\nebbtide-media:x:998:997::/:/usr/sbin/nologin\n',
    );
    did = [];
    logged = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** An engine as far as it is asked here; what a member does can be replaced. */
  function engine(found: Container | undefined, instead: Partial<DockerEngine> = {}): DockerEngine {
    const note = <T>(what: string, answer: T): Promise<T> => {
      did.push(what);
      return Promise.resolve(answer);
    };
    return {
      version: () => note('version', '1.45'),
      list: () => note('list', []),
      inspect: () => note('inspect', found),
      kill: () => note('kill', 'sent' as const),
      setRestartPolicy: () => note('setRestartPolicy', 'set' as const),
      start: () => note('start', undefined),
      create: () => note('create', 'c1'),
      hasImage: () => note('hasImage', false),
      pull: () => note('pull', undefined),
      ...instead,
    };
  }

  /** `forMs`: how long it tries again, by the real clock. */
  function create(its: DockerEngine, forMs = 40): Promise<void> {
    return createMedia({
      wanted: { ...WANTED, accounts: join(folder, 'passwd') },
      engine: its,
      log: (_level, event) => logged.push(event),
      retry: { firstMs: 1, longestMs: 2, forMs },
    });
  }

  it('fetches the image, makes the container and starts it', async () => {
    await create(engine(undefined));
    assert.deepEqual(did, ['inspect', 'hasImage', 'pull', 'create', 'start']);
  });

  it('fetches no image that is there', async () => {
    await create(engine(undefined, { hasImage: () => Promise.resolve(true) }));
    assert.deepEqual(did, ['inspect', 'create', 'start']);
  });

  it('starts what served before a reboot, and touches nothing that was drained or runs', async () => {
    await create(engine(container({})));
    assert.deepEqual(did.splice(0), ['inspect', 'start']);
    for (const left of [{ policy: 'no' }, { running: true }]) await create(engine(container(left)));
    assert.deepEqual(did, ['inspect', 'inspect']);
    assert.deepEqual(logged, ['container-started', 'container-left', 'container-left']);
  });

  it('tries again while the engine or the registry fails', async () => {
    let failures = 3;
    const fails = (what: string) => () => {
      failures -= 1;
      if (failures > 0) return Promise.reject(new Error(`no ${what}`));
      did.push(what);
      return Promise.resolve();
    };
    await create(engine(undefined, { pull: fails('pull') }), 20_000);
    assert.deepEqual(did.slice(-3), ['pull', 'create', 'start']);
    assert.equal(logged.filter((event) => event === 'container-retries').length, 2);
  });

  it('gives up in the end, with the reason', async () => {
    const inspect = () => Promise.reject(new Error('the container engine at /x is not there'));
    await assert.rejects(create(engine(undefined, { inspect })), /the container engine at \/x is not there/);
    assert.deepEqual(did, []);
  });

  it('does not try again what can only fail again', async () => {
    const pull = () => Promise.reject(new EngineError('manifest unknown', 404));
    await assert.rejects(
      create(engine(undefined, { pull })),
      /there is no image docker\.io\/livekit\/livekit-server@sha256:d+, or its registry asks for a login/,
    );
    await assert.rejects(
      create(engine(container({ labels: {} }))),
      /the container livekit cannot be made: it is/,
    );
    assert.ok(!logged.includes('container-retries'));
    assert.ok(!did.includes('start'));
  });

  it('asks for an account that there is', async () => {
    assert.deepEqual(await readAccount(join(folder, 'passwd'), 'ebbtide-media'), { uid: 998, gid: 997 });
    await assert.rejects(readAccount(join(folder, 'passwd'), 'ebbtide'), /has no account ebbtide, as which/);
    await assert.rejects(
      readAccount(join(folder, 'none'), 'ebbtide'),
      /the accounts in .*none cannot be read/,
    );
  });

  it('waits until the container has ended; while the engine does not tell, it has not', async () => {
    const answers = [
      () => Promise.resolve(container({ running: true })),
      () => Promise.reject(new Error('no answer')),
      () => Promise.resolve(container({ running: true })),
      () => Promise.resolve(container({})),
    ];
    let asked = 0;
    const inspect = () => {
      asked += 1;
      return answers[asked - 1]?.() ?? Promise.resolve(undefined);
    };
    const log = (_level: string, event: string) => logged.push(event);
    await awaitMedia(WANTED, engine(undefined, { inspect }), log, 1);
    assert.equal(asked, 4);
    assert.deepEqual(did, [], 'no signal, no policy, nothing');
    await awaitMedia(WANTED, engine(undefined), log, 1);
    assert.deepEqual(logged.at(-1), 'container-ended');
  });
});
