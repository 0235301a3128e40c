import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import type { Watchdog } from '../instance/watchdog.ts';
import type { Definition } from './requests.ts';

/** Docker waits so long before the first restart, and twice as long before each one after it. */
const FIRST_RESTART_MS = 100;
const LONGEST_RESTART_MS = 60_000;
/** A life of this length begins the waiting anew. */
const LONG_LIFE_MS = 10_000;
const NEVER = '0001-01-01T00:00:00Z';

export interface ContainerOptions {
  /** What the image runs: what the definition says are then words for it. */
  entrypoint?: readonly string[] | undefined;
  /** Knows of each process, for an engine whose own process could end without a word. */
  watchdog?: Watchdog | undefined;
}

/** A container of the twin engine: its main process is a child of ours, so that signals, exits and starts are real. */
export class TwinContainer {
  readonly id = randomBytes(32).toString('hex');
  readonly definition: Definition;
  name: string;
  status: 'created' | 'running' | 'restarting' | 'exited' = 'created';
  policy: Definition['HostConfig']['RestartPolicy'];
  restarts = 0;
  #process: ChildProcess | undefined;
  #startedAt = NEVER;
  #finishedAt = NEVER;
  #exitCode = 0;
  #problem = '';
  #waitMs = FIRST_RESTART_MS;
  #timer: NodeJS.Timeout | undefined;
  /** A person or a program ended it: no policy but `always` brings it back, and that only with the engine. */
  #told = false;
  readonly #options: ContainerOptions;

  constructor(name: string, definition: Definition, options: ContainerOptions = {}) {
    this.name = name;
    this.definition = definition;
    this.#options = options;
    this.policy = definition.HostConfig.RestartPolicy;
  }

  get pid(): number {
    return this.status === 'running' ? (this.#process?.pid ?? 0) : 0;
  }

  start(): void {
    this.#told = false;
    this.restarts = 0;
    this.#waitMs = FIRST_RESTART_MS;
    this.#live();
  }

  /** As Docker does: only its own stop signal (or any, where it has none) is taken as the wish that it stays away. */
  kill(signal: NodeJS.Signals): void {
    const { StopSignal } = this.definition;
    if (StopSignal === undefined || StopSignal === signal || signal === 'SIGKILL') this.#told = true;
    this.#process?.kill(signal);
  }

  /** As Docker does: a restart that waits already takes place, and only the end of that life is the last one. */
  setPolicy(policy: Definition['HostConfig']['RestartPolicy']): void {
    this.policy = policy;
  }

  /** Ends for good, and waits for it. */
  async destroy(): Promise<void> {
    this.policy = { Name: 'no', MaximumRetryCount: 0 };
    await this.powerOff();
  }

  /** The machine is switched off: it ends, and has its policy still. */
  async powerOff(): Promise<void> {
    clearTimeout(this.#timer);
    this.#told = true;
    if (this.status === 'restarting') this.status = 'exited';
    const child = this.#process;
    if (child === undefined || this.status !== 'running') return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  inspect(): object {
    const { Image, Labels, HostConfig, Cmd } = this.definition;
    return {
      Id: this.id,
      Name: `/${this.name}`,
      RestartCount: this.restarts,
      Config: { Image, Labels, Cmd },
      State: {
        Status: this.status,
        // Docker says of a container between two lives that it runs.
        Running: this.status === 'running' || this.status === 'restarting',
        Restarting: this.status === 'restarting',
        Pid: this.pid,
        ExitCode: this.#exitCode,
        Error: this.#problem,
        OOMKilled: false,
        StartedAt: this.#startedAt,
        FinishedAt: this.#finishedAt,
      },
      HostConfig: { NetworkMode: HostConfig.NetworkMode, RestartPolicy: this.policy },
      NetworkSettings: { Networks: { host: { IPAddress: '' } } },
    };
  }

  #live(): void {
    const [program = '', ...words] = [...(this.#options.entrypoint ?? []), ...this.definition.Cmd];
    const environment = Object.fromEntries(
      this.definition.Env.map((line) => [
        line.slice(0, line.indexOf('=')),
        line.slice(line.indexOf('=') + 1),
      ]),
    );
    const { watchdog } = this.#options;
    const detached = watchdog !== undefined;
    const child = spawn(program, words, { env: environment, stdio: 'ignore', detached });
    const { pid } = child;
    if (pid !== undefined) watchdog?.began(pid);
    this.#process = child;
    this.#startedAt = new Date().toISOString();
    this.#exitCode = 0;
    this.status = 'running';
    child.once('error', (cause) => {
      this.#problem = cause.message;
      this.status = 'created';
    });
    child.once('exit', (code, signal) => {
      if (pid !== undefined) watchdog?.gone(pid);
      this.#over(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  }

  #over(exitCode: number): void {
    this.#exitCode = exitCode;
    this.#finishedAt = new Date().toISOString();
    if (!this.#comesBack(exitCode)) {
      this.status = 'exited';
      return;
    }
    if (Date.now() - Date.parse(this.#startedAt) >= LONG_LIFE_MS) this.#waitMs = FIRST_RESTART_MS;
    this.status = 'restarting';
    this.restarts += 1;
    this.#timer = setTimeout(() => this.#live(), this.#waitMs);
    this.#waitMs = Math.min(LONGEST_RESTART_MS, 2 * this.#waitMs);
  }

  #comesBack(exitCode: number): boolean {
    if (this.#told) return false;
    const { Name, MaximumRetryCount: most } = this.policy;
    if (Name === 'on-failure') return exitCode !== 0 && (most === 0 || this.restarts < most);
    return Name !== 'no';
  }
}
