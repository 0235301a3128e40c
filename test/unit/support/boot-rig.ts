import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootManifest } from '../../../fleet/boot-manifest.ts';
import { type BootEnd, boot } from '../../../node-agent/boot/boot.ts';
import type { ConnectSource } from '../../../node-agent/boot/boot-source.ts';
import { type Answer, type LocalServer, type ReceivedRequest, startLocalServer } from './local-server.ts';

/** The object `software/agent` that the manifest pins, and what the one secret `keys` holds. */
export const AGENT = 'the agent';
export const SECRET = 'key1: "quite-secret"';

/** A machine that boots in two stages, agent and media, from a cloud that answers as a test wants it. */
export class BootRig {
  /** Answers that go before the regular ones, by path. */
  readonly instead = new Map<string, Answer>();
  lines: Record<string, unknown>[] = [];
  /** How long it tries again, by the real clock: a test in which it succeeds gives it more. */
  patienceMs = 100;

  private constructor(
    private readonly root: string,
    private readonly server: LocalServer,
  ) {}

  static async create(regular: (request: ReceivedRequest) => Answer): Promise<BootRig> {
    let rig: BootRig | undefined;
    const server = await startLocalServer((request) => rig?.instead.get(request.path) ?? regular(request));
    rig = new BootRig(await mkdtemp(join(tmpdir(), 'ebbtide-boot-')), server);
    await rig.put('/bin/systemctl', '#!/bin/sh\nexit 0\n');
    await chmod(join(rig.root, '/bin/systemctl'), 0o755);
    await rig.put('/etc/ebbtide/agent.tmpl', '{{node}} {{instanceId}} {{zone}} {{nodeIp}}');
    await rig.put('/etc/ebbtide/media.tmpl', 'keys:\n  {{keys}}\n');
    return rig;
  }

  get url(): string {
    return this.server.url;
  }
  get requests(): ReceivedRequest[] {
    return this.server.requests;
  }
  get failure(): string {
    return String(this.lines.find(({ event }) => event === 'boot-failed')?.reason);
  }
  /** The agent as it was put in place; how the machine calls itself; the media server's configuration. */
  read(what: 'program' | 'agent' | 'media'): Promise<string> {
    const path = { program: '/opt/agent', agent: '/etc/agent', media: '/etc/media' }[what];
    return readFile(join(this.root, path), 'utf8');
  }

  async run(
    source: BootManifest['source'],
    connect: ConnectSource,
    environment: Record<string, string>,
  ): Promise<BootEnd> {
    const sha256 = createHash('sha256').update(AGENT).digest('hex');
    const manifest: BootManifest = {
      source,
      placeholders: {},
      stages: [
        {
          name: 'agent',
          files: [{ key: 'software/agent', sha256, to: '/opt/agent', mode: '0755' }],
          templates: [{ from: '/etc/ebbtide/agent.tmpl', to: '/etc/agent', mode: '0644' }],
          start: ['agent.service'],
        },
        {
          name: 'media',
          files: [],
          templates: [{ from: '/etc/ebbtide/media.tmpl', to: '/etc/media', mode: '0640' }],
          start: [],
        },
      ],
    };
    await this.put('/etc/ebbtide/boot.json', JSON.stringify(manifest));
    return boot({
      root: this.root,
      environment: { PATH: `${this.root}/bin:/usr/bin:/bin`, ...environment },
      connect,
      retry: { firstMs: 5, longestMs: 10, forMs: this.patienceMs },
      log: (level, event, details) => this.lines.push({ level, event, ...details }),
    });
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.root, { recursive: true });
  }

  async put(path: string, content: string): Promise<void> {
    await mkdir(join(this.root, path, '..'), { recursive: true });
    await writeFile(join(this.root, path), content);
  }
}
