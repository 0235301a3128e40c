import type { Duplex } from 'node:stream';
import type { Person } from './rooms.ts';
import type { FromServer, LeaveReason } from './wire.ts';

/** One person's connection on the server's side. Whatever a person says is a goodbye: there is no other message. */
export class TwinPerson implements Person {
  readonly identity: string;
  readonly #socket: Duplex;

  constructor(identity: string, socket: Duplex, left: () => void) {
    this.identity = identity;
    this.#socket = socket;
    socket.once('data', () => {
      left();
      socket.end();
    });
    socket.once('close', left);
    // A broken connection is a person who is gone; `close` follows and says so.
    socket.on('error', () => socket.destroy());
  }

  welcome(node: string): void {
    this.#send({ type: 'joined', node });
  }

  hear(others: number): void {
    this.#send({ type: 'sound', others });
  }

  dismiss(reason: LeaveReason): void {
    this.#send({ type: 'leave', reason });
    this.#socket.end();
  }

  #send(message: FromServer): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}
