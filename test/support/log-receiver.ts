import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../contract/media-server.ts';
import type { Certificate } from './certificates.ts';
import { findRsyslogd } from './rsyslog.ts';

/** rsyslogd as an operator's receiver, which keeps each message as it came in. */
export interface LogReceiver {
  port: number;
  /** Each message whole: its header, and what was logged. */
  messages(): string[];
  stop(): Promise<void>;
}

/** Another one in the same folder goes on where it was. */
export async function startReceiver(
  folder: string,
  certificate: Certificate | undefined,
): Promise<LogReceiver> {
  const place = mkdtempSync(join(folder, 'receiver-'));
  const [config, output] = [join(place, 'rsyslog.conf'), join(folder, 'received')];
  const tls =
    certificate === undefined
      ? ''
      : `defaultNetstreamDriverCAFile="${certificate.authority}" defaultNetstreamDriverCertFile="${certificate.certificate}" defaultNetstreamDriverKeyFile="${certificate.key}"`;
  const listens =
    certificate === undefined
      ? ''
      : 'streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"';
  writeFileSync(
    config,
    `global(workDirectory="${place}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off" ${tls})
module(load="imtcp" ${listens})
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="${place}/port")
template(name="whole" type="string" string="%rawmsg%\\n")
action(type="omfile" file="${output}" template="whole")
`,
  );
  const server = spawn(findRsyslogd() ?? 'rsyslogd', ['-n', '-iNONE', '-f', config], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const atExit = () => server.kill('SIGKILL');
  process.on('exit', atExit);
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  await eventually('the receiver listens', () => read(join(place, 'port')) !== '', 20_000);
  return {
    port: Number(read(join(place, 'port'))),
    messages: () =>
      read(output)
        .split('\n')
        .filter((line) => line !== ''),
    async stop() {
      process.off('exit', atExit);
      server.kill('SIGTERM');
      await ended;
    },
  };
}

/** A wire to the receiver that one can look at, and cut: then nobody takes a connection there. */
export interface Wire {
  port: number;
  /** All that came from the node, connection by connection, as it went over the wire. */
  sent(): string[];
  leadTo(port: number): Promise<void>;
  cut(): Promise<void>;
}

export async function layWire(): Promise<Wire> {
  const sent: Buffer[][] = [];
  const open = new Set<Socket>();
  let to = 0;
  const server = createServer((near) => {
    const seen: Buffer[] = [];
    sent.push(seen);
    open.add(near);
    const far = connect(to, '127.0.0.1');
    near.on('data', (chunk) => seen.push(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.once('close', () => other.destroy());
      one.pipe(other);
    }
    near.once('close', () => open.delete(near));
  });
  /** Rejects where the port is taken. */
  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  const port = await listenOnLastingPort(listen);
  async function cut(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const each of open) each.destroy();
    await closed;
  }
  await cut();
  return {
    port,
    sent: () => sent.map((each) => Buffer.concat(each).toString('latin1')),
    async leadTo(receiver) {
      to = receiver;
      if (!server.listening) await listen(port);
    },
    cut,
  };
}

/**
 * Below those that a system gives to whoever connects, and those of the lab: the wire gives its port up while it is cut, and takes it again, and
 * somebody else's connection must not have it meanwhile.
 */
async function listenOnLastingPort(listen: (port: number) => Promise<void>): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 8_000);
    try {
      await listen(port);
      return port;
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    }
  }
}
