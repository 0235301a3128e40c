import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('media-stand-in.mjs', import.meta.url));

/** The words that start a stand-in for one of the containers beside LiveKit. */
export function standIn(kind: 'egress' | 'ingress' | 'agent', port: number, signalsFile: string): string[] {
  return [process.execPath, PROGRAM, kind, String(port), signalsFile];
}

/** Gives whether the stand-in answered. */
export function setJobs(port: number, jobs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      path: `/jobs?n=${jobs}`,
      agent: false,
    });
    outgoing.once('error', () => resolve(false));
    outgoing.once('response', (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode === 200);
    });
    outgoing.end();
  });
}

/** Every signal that a stand-in got, as `egress SIGQUIT`. */
export function signalsIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
