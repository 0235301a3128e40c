import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram } from '../../lab/instance/tools.ts';
import { logFiles } from '../../stacks/node-logs.ts';
import type { LogSettings } from '../../stacks/settings-schema.ts';
import { eventually } from '../contract/media-server.ts';
import { findRsyslogd, RSYSLOGD_IS_MISSING } from './rsyslog.ts';

const JOURNALD = '/lib/systemd/systemd-journald';
const MACHINE_ID = '0123456789abcdef'.repeat(2);
const RESTART_MS = 1_000;
const PROGRAMS = ['unshare', 'nsenter', 'systemd-cat', 'openssl'];
/** What programs find of a machine's own there. */
const OF_THE_MACHINE = ['ld.so.cache', 'passwd', 'group', 'nsswitch.conf', 'ssl/openssl.cnf'];

/** Why no node's journal and log sender can run here; undefined where they can. */
export function nodeLogsAreMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'they need mounts: root, on Linux';
  const missing = PROGRAMS.filter((program) => findProgram(program) === undefined);
  if (!existsSync(JOURNALD)) missing.push(JOURNALD);
  if (missing.length > 0) return `${missing.join(' and ')} not installed`;
  if (findRsyslogd() === undefined) return RSYSLOGD_IS_MISSING;
  const tried = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `unshare --mount does not work: ${tried.stderr.trim()}`;
}

/** What a node has of logging: its own /etc, /run and /var, with a real journal and the sender as its unit starts it. */
export interface NodeLogs {
  /** To the journal, as a service's standard output. */
  write(line: string): void;
  startSender(): void;
  /** As systemd stops it: resolves when it has ended. */
  stopSender(): Promise<void>;
  /** As a crash ends it; its unit has systemd start it anew. */
  killSender(): void;
  /** What the sender says of itself. */
  senderSaid(): string;
  /** Whether the sender runs. */
  isSending(): boolean;
  stop(): Promise<void>;
}

export interface NodeLogsArgs {
  to: NonNullable<LogSettings['to']>;
  /** Certificates that the node trusts. */
  trusts?: string;
}

/**
 * The files are those that a stack makes, at their places. One thing is different: what could not be sent is tried again
 * after a second, every time, instead of ten and then up to sixty.
 */
export async function startNodeLogs({ to, trusts = '' }: NodeLogsArgs): Promise<NodeLogs> {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-node-logs-'));
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const files = logFiles({ keep: '100M', to });
  for (const { path, content } of files)
    put(path, content.replace(/(action\.resumeInterval(?:Max)?)="\d+"/g, '$1="1"'));
  put('/etc/ssl/certs/ca-certificates.crt', trusts);
  put('/etc/hosts', `127.0.0.1 localhost ${to.host}\n`);
  put('/etc/machine-id', `${MACHINE_ID}\n`);
  for (const path of ['run/systemd/journal', 'var/log', 'var/tmp', 'var/lib/ebbtide-logs', 'etc/ssl'])
    mkdirSync(join(folder, path), { recursive: true });
  for (const name of OF_THE_MACHINE)
    if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, join(folder, 'etc', name));

  const mounts = ['etc', 'run', 'var']
    .map((each) => `mount --bind "${folder}/${each}" /${each}`)
    .join(' && ');
  const running = new Set<ChildProcess>();
  const start = (words: string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess => {
    const [program = '', ...rest] = words;
    const child = spawn(program, rest, { stdio: [stdin, 'pipe', 'pipe'] });
    child.stdout?.resume();
    child.stderr?.resume();
    running.add(child);
    const atExit = () => child.kill('SIGKILL');
    process.on('exit', atExit);
    child.once('exit', () => {
      process.off('exit', atExit);
      running.delete(child);
    });
    return child;
  };
  const world = start(['unshare', '--mount', 'bash', '-c', `${mounts} && echo ready && exec cat`], 'pipe');
  await new Promise<void>((resolve, reject) => {
    world.stdout?.once('data', () => resolve());
    world.once('exit', (code) => reject(new Error(`the node's folders could not be mounted: ${code}`)));
  });
  const inside = (...words: string[]) => ['nsenter', `--mount=/proc/${world.pid}/ns/mnt`, ...words];

  start(inside(JOURNALD));
  // systemd waits for both. A sender that opens a journal without any file never sees the first.
  await eventually(
    'the journal listens, and has its first file',
    () =>
      ['run/systemd/journal/stdout', `run/log/journal/${MACHINE_ID}/system.journal`].every((each) =>
        existsSync(join(folder, each)),
      ),
    10_000,
  );
  const service = start(inside('systemd-cat', '--identifier=ebbtide-agent', 'cat'), 'pipe');

  let sender: ChildProcess | undefined;
  let isWanted = false;
  let said = '';
  function runSender(): void {
    sender = start(inside(...senderCommand(files)));
    sender.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    sender.once('exit', () => {
      // As its unit has systemd do it, sooner.
      if (isWanted) setTimeout(() => isWanted && runSender(), RESTART_MS);
    });
  }
  return {
    write: (line) => void service.stdin?.write(line),
    startSender() {
      isWanted = true;
      runSender();
    },
    async stopSender() {
      isWanted = false;
      if (sender !== undefined) await end(sender, 'SIGTERM');
    },
    killSender: () => void sender?.kill('SIGKILL'),
    senderSaid: () => said,
    isSending: () => sender !== undefined && running.has(sender),
    async stop() {
      isWanted = false;
      await Promise.all([...running].filter((each) => each !== world).map((each) => end(each, 'SIGKILL')));
      await end(world, 'SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the unit starts, but for where the program is. */
function senderCommand(files: ReturnType<typeof logFiles>): string[] {
  const unit = files.find(({ path }) => path.endsWith('/ebbtide-logs.service'))?.content ?? '';
  const [, words = ''] = /^ExecStart=\/usr\/sbin\/rsyslogd (.*)$/m.exec(unit) ?? [];
  return [findRsyslogd() ?? 'rsyslogd', ...words.split(' ')];
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await ended;
}
