import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { groupLives, groupsUnder, killGroup, spawnLeader } from './process-group.ts';
import { parseUnitFile, type UnitFile } from './unit-file.ts';
import {
  AT_REST,
  afterEnd,
  afterStartLimit,
  mayStart,
  type ProcessEnd,
  renderProperties,
  type UnitState,
} from './unit-state.ts';
import type { Watchdog } from './watchdog.ts';

export interface UnitHost {
  readonly root: string;
  /** The folder that is the instance's PATH. */
  readonly bin: string;
  /** Where `systemctl show` finds what it prints. */
  readonly unitsFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly watchdog: Watchdog;
  log(unit: string, line: string): void;
}

/** What a missing program is to systemd: the main process's exit status. */
const EXEC_FAILED = 203;

/** One supervised unit: its process, its restarts, and what `systemctl show` says of it. */
export class Unit {
  readonly name: string;
  readonly #host: UnitHost;
  #file: UnitFile;
  #state: UnitState = AT_REST;
  #starts: number[] = [];
  #again: NodeJS.Timeout | undefined;
  /** Process groups that it started and that may still have somebody in them. */
  readonly #groups = new Set<number>();
  #ended: Promise<void> = Promise.resolve();
  #streams: readonly Readable[] = [];

  constructor(name: string, text: string, host: UnitHost) {
    this.name = name;
    this.#host = host;
    this.#file = parseUnitFile(name, text);
    this.#tell(AT_REST);
  }

  get state(): UnitState {
    return this.#state;
  }

  get refusesManualStop(): boolean {
    return this.#file.refuseManualStop;
  }

  /** The unit file was written anew: it counts from the next start on. */
  reload(text: string): void {
    this.#file = parseUnitFile(this.name, text);
    this.#tell(this.#state);
  }

  /** A start by hand. False where the start limit forbids it, or where the one process of a oneshot has failed. */
  async start(): Promise<boolean> {
    const { mainPid, active } = this.#state;
    const isOneshot = this.#file.type === 'oneshot';
    if (mainPid === 0 && !(isOneshot && active === 'active')) {
      clearTimeout(this.#again);
      this.#tell({ ...this.#state, restarts: 0 });
      if (!this.#startWithinLimit()) return false;
    }
    if (!isOneshot) return true;
    await this.#ended;
    return this.#state.active === 'active' || this.#isHeldBack();
  }

  /** By a condition: to systemd a start has then succeeded, and nothing was started. */
  #isHeldBack(): boolean {
    return this.#file.conditions.some(({ path, exists }) => existsSync(path) !== exists);
  }

  /** The signal that systemd sends first, then the last one when the time is over. */
  async stop(): Promise<void> {
    clearTimeout(this.#again);
    const { mainPid } = this.#state;
    if (mainPid === 0) return this.#tell({ ...this.#state, active: 'inactive', sub: 'dead' });
    this.#tell({ ...this.#state, active: 'deactivating', sub: 'stop-sigterm' });
    if (this.#file.killMode === 'control-group') killGroup(mainPid, 'SIGTERM');
    else process.kill(mainPid, 'SIGTERM');
    const limit = Number.isFinite(this.#file.stopTimeoutMs)
      ? setTimeout(() => killGroup(mainPid, 'SIGKILL'), this.#file.stopTimeoutMs)
      : undefined;
    await this.#ended;
    clearTimeout(limit);
  }

  resetFailed(): void {
    this.#starts = [];
    const failed = this.#state.active === 'failed';
    this.#tell({
      ...this.#state,
      restarts: 0,
      ...(failed ? { active: 'inactive', sub: 'dead', result: 'success' } : {}),
    });
  }

  /** Kills the main process only, as a crash would; what systemd does then follows. */
  crash(signal: NodeJS.Signals): void {
    if (this.#state.mainPid === 0) throw new Error(`${this.name} has no process to crash`);
    process.kill(this.#state.mainPid, signal);
  }

  /** Power off: everything that it ever started is gone, and nothing starts again. */
  async kill(): Promise<void> {
    for (const group of groupsUnder(this.#beginKill())) killGroup(group, 'SIGKILL');
    await this.#ended;
    // Nobody writes any more; and the folder that the last lines would go to may be gone.
    for (const stream of this.#streams) stream.destroy();
  }

  /** The same where the lab itself ends and cannot wait. */
  killNow(): void {
    for (const group of this.#beginKill()) killGroup(group, 'SIGKILL');
  }

  #beginKill(): number[] {
    clearTimeout(this.#again);
    if (this.#state.mainPid !== 0)
      this.#state = { ...this.#state, active: 'deactivating', sub: 'stop-sigterm' };
    return [...this.#groups].filter(groupLives);
  }

  #startWithinLimit(): boolean {
    if (this.#isHeldBack()) {
      this.#tell({ ...this.#state, active: 'inactive', sub: 'dead' });
      return true;
    }
    const may = mayStart(this.#file, this.#starts, Date.now());
    if (may) this.#run();
    else this.#tell(afterStartLimit(this.#state));
    return may;
  }

  #run(): void {
    this.#starts = [...this.#starts.slice(-20), Date.now()];
    for (const group of this.#groups) if (!groupLives(group)) this.#groups.delete(group);
    const { root, bin, environment, watchdog } = this.#host;
    const runtime = this.#file.runtimeDirectories.map((name) => join(root, 'run', name));
    const kept = this.#file.stateDirectories.map((name) => join(root, 'var/lib', name));
    for (const folder of [...runtime, ...kept]) mkdirSync(folder, { recursive: true });

    const [program = '', ...rest] = this.#file.execStart;
    const found = program.startsWith(`${root}/`) ? program : join(bin, basename(program));
    if (!existsSync(found)) {
      this.#host.log(this.name, `lab: ${program} is not on this instance`);
      this.#end({ code: EXEC_FAILED, signal: null });
      return;
    }
    const its = {
      ...environment,
      ...(runtime.length > 0 ? { RUNTIME_DIRECTORY: runtime.join(':') } : {}),
      ...(kept.length > 0 ? { STATE_DIRECTORY: kept.join(':') } : {}),
      ...this.#file.environment,
    };
    const child = spawnLeader([found, ...rest], root, its, watchdog);
    this.#streams = [child.stdout, child.stderr];
    for (const stream of this.#streams) this.#follow(stream);
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#host.log(this.name, `lab: ${found} did not start: ${error.message}`);
        this.#end({ code: EXEC_FAILED, signal: null });
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#sweep(child.pid ?? 0);
        this.#end({ code, signal });
        resolve();
      });
    });
    if (child.pid === undefined) return;
    this.#groups.add(child.pid);
    this.#tell({
      ...this.#state,
      ...(this.#file.type === 'oneshot'
        ? { active: 'activating', sub: 'start' }
        : { active: 'active', sub: 'running' }),
      result: 'success',
      mainPid: child.pid,
      exit: { code: 0, status: 0 },
      startedMonotonicUs: Number(process.hrtime.bigint() / 1000n),
    });
  }

  /** What the main process left behind ends with it, unless the unit says that it may stay. */
  #sweep(group: number): void {
    if (this.#file.killMode !== 'process' && groupLives(group)) killGroup(group, 'SIGKILL');
  }

  #end(end: ProcessEnd): void {
    this.#tell(afterEnd(this.#file, this.#state, end));
    if (this.#state.sub !== 'auto-restart') return;
    this.#again = setTimeout(() => {
      this.#tell({ ...this.#state, restarts: this.#state.restarts + 1 });
      this.#startWithinLimit();
    }, this.#file.restartMs);
  }

  #follow(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#host.log(this.name, line);
    });
    stream.on('end', () => rest !== '' && this.#host.log(this.name, rest));
  }

  /** Readers of the file see the old state or the new one, never half of it. */
  #tell(state: UnitState): void {
    this.#state = state;
    const file = join(this.#host.unitsFolder, this.name);
    writeFileSync(`${file}.new`, renderProperties(this.name, this.#file, state));
    renameSync(`${file}.new`, file);
  }
}
