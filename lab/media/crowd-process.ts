import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FromCrowd, ToCrowd } from './crowd-messages.ts';
import type { CallEnd, Heard, MediaNode, Participant } from './driver.ts';
import { WakingClock } from './waking-clock.ts';

/** The lab's side of the crowd: starts it, and knows each person in it. */
export class CrowdProcess {
  readonly #process: ChildProcess;
  readonly #people = new Map<number, CrowdPerson>();
  readonly #clock = new WakingClock();
  #said = '';
  #next = 1;

  constructor() {
    this.#process = fork(fileURLToPath(new URL('crowd.ts', import.meta.url)), {
      execArgv: ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said = `${this.#said}${chunk}`.slice(-4000);
      });
    }
    this.#process.on('message', (message: FromCrowd) => this.#people.get(message.person)?.told(message));
    this.#process.on('exit', (code, signal) =>
      this.#over(`the crowd ended with ${signal ?? code}: ${this.#said}`),
    );
    this.#process.on('error', (error) => this.#over(`the crowd did not start: ${error.message}`));
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async join(node: MediaNode, room: string, identity: string, token: string): Promise<Participant> {
    const id = this.#next++;
    const tell = (kind: 'listen-anew' | 'hang-up') => this.#tell({ kind, person: id });
    const person = new CrowdPerson(node, room, identity, tell, this.#clock);
    this.#people.set(id, person);
    this.#tell({ kind: 'join', person: id, url: `ws://${node.host}:${node.signalPort}`, token, identity });
    await person.joined;
    return person;
  }

  /** Whoever is still on the way in goes with the process. */
  async hangUpAll(): Promise<void> {
    const inCall = [...this.#people.values()].filter((person) => person.isInCall);
    await Promise.all(inCall.map((person) => person.hangUp()));
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  #tell(message: ToCrowd): void {
    if (this.#process.connected) this.#process.send(message);
  }

  #over(problem: string): void {
    this.#clock.stop();
    for (const [person, participant] of this.#people) participant.told({ kind: 'failed', person, problem });
  }
}

class CrowdPerson implements Participant {
  readonly node: MediaNode;
  readonly room: string;
  readonly identity: string;
  readonly ended: Promise<CallEnd>;
  readonly joined: Promise<void>;
  readonly #tell: (kind: 'listen-anew' | 'hang-up') => void;
  readonly #clock: WakingClock;
  #heard: Heard = { frames: 0, longestGapMs: 0, silentForMs: 0 };
  #heardAt: number;
  #reconnects = 0;
  #state: 'joining' | 'in-call' | 'over' = 'joining';
  #end: (end: CallEnd) => void = () => undefined;
  #isIn: () => void = () => undefined;
  #isNotIn: (error: Error) => void = () => undefined;

  constructor(
    node: MediaNode,
    room: string,
    identity: string,
    tell: (kind: 'listen-anew' | 'hang-up') => void,
    clock: WakingClock,
  ) {
    this.node = node;
    this.room = room;
    this.identity = identity;
    this.#tell = tell;
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.joined = new Promise((resolve, reject) => {
      this.#isIn = resolve;
      this.#isNotIn = reject;
    });
  }

  get isInCall(): boolean {
    return this.#state === 'in-call';
  }

  reconnects(): number {
    return this.#reconnects;
  }

  /** As last told, and grown older since: also a crowd that does not answer is a silence. */
  heard(): Heard {
    if (this.#state === 'over' || this.#heard.silentForMs === 0) return this.#heard;
    return { ...this.#heard, silentForMs: this.#heard.silentForMs + this.#clock.now() - this.#heardAt };
  }

  /** Told anew within a moment; until then nothing is known. */
  listenAnew(): void {
    this.#heard = { ...this.#heard, longestGapMs: 0 };
    this.#tell('listen-anew');
  }

  async hangUp(): Promise<void> {
    this.#tell('hang-up');
    await this.ended;
  }

  told(message: FromCrowd): void {
    switch (message.kind) {
      case 'joined':
        this.#state = 'in-call';
        this.#isIn();
        break;
      case 'failed':
        this.#isNotIn(new Error(message.problem));
        this.#state = 'over';
        this.#end({ kind: 'connection-lost' });
        break;
      case 'heard':
        this.#heard = message.heard;
        this.#heardAt = this.#clock.now();
        this.#reconnects = message.reconnects;
        break;
      case 'ended':
        this.#state = 'over';
        this.#end(message.end);
        break;
    }
  }
}
