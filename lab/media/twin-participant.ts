import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import type { CallEnd, Heard, MediaNode, Participant } from './driver.ts';
import { Listening } from './listening.ts';
import {
  type FromPerson,
  type FromServer,
  fromServerSchema,
  JOIN_PATH,
  type LeaveReason,
  UPGRADE,
} from './twin-livekit/wire.ts';

const TIMEOUT_MS = 5_000;

/** Connects one person to a room on a twin LiveKit. */
export function join(node: MediaNode, room: string, identity: string): Promise<Participant> {
  const where = `${node.id} (${node.host}:${node.signalPort})`;
  return new Promise((resolve, reject) => {
    const sent = request({
      host: node.host,
      port: node.signalPort,
      path: `${JOIN_PATH}?room=${encodeURIComponent(room)}&identity=${encodeURIComponent(identity)}`,
      headers: { connection: 'Upgrade', upgrade: UPGRADE },
      timeout: TIMEOUT_MS,
      agent: false,
    });
    sent.on('upgrade', (_, socket, head) => {
      socket.setTimeout(0);
      resolve(new TwinParticipant(node, room, identity, socket, head));
    });
    sent.on('response', (response) => {
      response.resume();
      reject(new Error(`${identity} was refused at ${where}: HTTP ${response.statusCode}`));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    sent.on('error', (cause) =>
      reject(new Error(`${identity} could not join ${room} on ${where}`, { cause })),
    );
    sent.end();
  });
}

class TwinParticipant implements Participant {
  readonly node: MediaNode;
  readonly room: string;
  readonly identity: string;
  readonly ended: Promise<CallEnd>;
  readonly #socket: Duplex;
  readonly #listening = new Listening();
  #end: (end: CallEnd) => void = () => undefined;
  #rest = '';

  constructor(node: MediaNode, room: string, identity: string, socket: Duplex, head: Buffer) {
    this.node = node;
    this.room = room;
    this.identity = identity;
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    if (head.length > 0) this.#read(head);
    // Whoever goes without a word broke the call: `close` comes last, when all that was said has been read.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end({ kind: 'connection-lost' }));
  }

  /** The twin has no resuming: a broken connection is a broken call. */
  reconnects(): number {
    return 0;
  }

  heard(): Heard {
    return this.#listening.heard();
  }

  listenAnew(): void {
    this.#listening.anew();
  }

  async hangUp(): Promise<void> {
    this.#end({ kind: 'hung-up' });
    if (this.#socket.writable)
      this.#socket.end(`${JSON.stringify({ type: 'leave' } satisfies FromPerson)}\n`);
    await this.ended;
  }

  #read(chunk: Buffer): void {
    const lines = `${this.#rest}${chunk.toString('utf8')}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#hear(v.parse(fromServerSchema, JSON.parse(line)));
  }

  #hear(message: FromServer): void {
    switch (message.type) {
      case 'joined':
        break;
      case 'sound':
        if (message.others > 0) this.#listening.sound();
        else this.#listening.alone();
        break;
      case 'leave':
        this.#end(callEnd(message.reason));
        break;
    }
  }
}

function callEnd(reason: LeaveReason): CallEnd {
  return reason === 'SERVER_SHUTDOWN' ? { kind: 'server-shutdown' } : { kind: 'closed', reason };
}
