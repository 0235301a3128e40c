import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ports } from '../instance/ports.ts';
import { findProgram } from './find-program.ts';

export interface Redis {
  address: string;
  close(): Promise<void>;
}

const START_MS = 5_000;

/** A Redis that forgets everything when it ends. */
export async function startRedis(): Promise<Redis> {
  const program = findProgram('redis-server', 'install it (Debian: apt install redis-server)');
  const port = await new Ports().take();
  const child = spawn(
    program,
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  );
  const atExit = () => child.kill('SIGKILL');
  process.on('exit', atExit);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    process.off('exit', atExit);
  };
  const deadline = performance.now() + START_MS;
  while (!(await answers(port))) {
    if (performance.now() > deadline || child.exitCode !== null) {
      await close();
      throw new Error(`${program} does not answer on 127.0.0.1:${port} after ${START_MS / 1000} s`);
    }
    await sleep(50);
  }
  return { address: `127.0.0.1:${port}`, close };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
