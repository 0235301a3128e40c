import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { TwinEngine } from '../engine/twin-engine.ts';
import type { Machine, MachineSpec } from '../machine.ts';
import { type BootPlan, planBoot } from './boot-plan.ts';
import { groupsUnder, killGroup, spawnLeader } from './process-group.ts';
import { Supervisor } from './supervisor.ts';
import { Systemctl } from './systemctl.ts';
import { assertRooted, writeTools } from './tools.ts';
import type { UnitHost } from './unit.ts';
import type { Watchdog } from './watchdog.ts';

/** A line that a unit on an instance wrote. */
export interface LogLine {
  readonly instanceId: string;
  readonly unit: string;
  readonly line: string;
}

export interface InstancePorts {
  readonly signalPort: number;
  readonly rtcUdpPort: number;
  readonly rtcTcpPort: number;
  readonly metricsPort: number;
  readonly agentPort: number;
}

export interface LabMachineOptions {
  readonly spec: MachineSpec;
  /** The folder that is this instance's whole world. */
  readonly root: string;
  /** Ports have to be looked for: they are taken when the machine boots. */
  readonly takePorts: () => Promise<InstancePorts>;
  readonly agentUnit: string;
  readonly mediaUnit: string;
  /** Images of containers, and what each runs: with them the machine has a container engine. */
  readonly images: ReadonlyMap<string, readonly string[]> | undefined;
  readonly cpu: () => number;
  /** Knows of every process that this machine starts. */
  readonly watchdog: Watchdog;
  readonly onLog: (line: LogLine) => void;
}

/** How often a machine's pretended load is written down. */
const CPU_MS = 250;

/** An instance as a folder and the processes that live on it. For those who make calls it is a node with media. */
export class LabMachine implements Machine {
  readonly id: string;
  readonly root: string;
  readonly host = '127.0.0.1';
  readonly #options: LabMachineOptions;
  readonly #environment: Readonly<Record<string, string>>;
  #systemctl: Systemctl | undefined;
  #supervisor: Supervisor | undefined;
  #engine: TwinEngine | undefined;
  #ports: InstancePorts | undefined;
  #booting: { group: number; ended: Promise<string> } | undefined;
  #pretending: NodeJS.Timeout | undefined;
  #takenAway = false;

  constructor(options: LabMachineOptions) {
    const { spec, root } = options;
    this.#options = options;
    this.id = spec.instanceId;
    this.root = root;
    this.#environment = {
      ...spec.environment,
      EBBTIDE_CPU_FILE: join(root, 'cpu'),
      EBBTIDE_ROOT: root,
      HOME: join(root, 'root'),
      LANG: 'C.UTF-8',
      PATH: this.#bin(),
      TMPDIR: join(root, 'tmp'),
    };
  }

  get ports(): InstancePorts {
    if (this.#ports === undefined) throw new Error(`${this.id} has not booted`);
    return this.#ports;
  }

  get signalPort(): number {
    return this.ports.signalPort;
  }

  get metricsPort(): number {
    return this.ports.metricsPort;
  }

  takenAway(): boolean {
    return this.#takenAway;
  }

  async boot(): Promise<void> {
    const plan = planBoot(this.#options.spec.init);
    this.#ports = await this.#options.takePorts();
    this.#furnish(this.#ports);
    this.#pretend();
    this.#pretending = setInterval(() => this.#pretend(), CPU_MS);
    this.#supervisor = this.#newSupervisor();
    const { images, watchdog } = this.#options;
    if (images !== undefined) this.#engine = await TwinEngine.start(this.#socket(), { images, watchdog });
    this.#systemctl = new Systemctl((words) => this.#running().command(words));
    await this.#systemctl.install(join(this.#bin(), 'systemctl'), this.#unitsFolder());
    await this.#carryOut(plan);
  }

  /** Every machine of the lab is this one: how busy each is, its agent reads from a file. */
  #pretend(): void {
    const file = join(this.root, 'cpu');
    writeFileSync(`${file}.new`, (this.cpu() / 100).toFixed(2));
    renameSync(`${file}.new`, file);
  }

  async terminate(): Promise<void> {
    this.#takenAway = true;
    clearInterval(this.#pretending);
    this.#systemctl?.close();
    if (this.#booting !== undefined) {
      for (const group of groupsUnder([this.#booting.group])) killGroup(group, 'SIGKILL');
      await this.#booting.ended;
    }
    await this.#supervisor?.powerOff();
    await this.#engine?.stop();
  }

  /** The lab itself ends: no time to wait for anything. */
  killNow(): void {
    this.#takenAway = true;
    clearInterval(this.#pretending);
    if (this.#booting !== undefined) killGroup(this.#booting.group, 'SIGKILL');
    this.#supervisor?.killNow();
    for (const { pid } of this.#engine?.containers ?? []) if (pid !== 0) killGroup(pid, 'SIGKILL');
  }

  /** What a person, or a test, would look at with Docker's own client. */
  get engine(): TwinEngine | undefined {
    return this.#engine;
  }

  /**
   * A reset: every process is gone, /run is empty, and what was enabled starts again. A startup-script runs again,
   * beside that; user-data does not.
   */
  async reboot(): Promise<void> {
    const plan = planBoot(this.#options.spec.init);
    await this.#running().powerOff();
    await this.#engine?.powerOff();
    rmSync(join(this.root, 'run'), { recursive: true, force: true });
    this.#supervisor = this.#newSupervisor();
    await this.#engine?.listen(this.#socket());
    this.#supervisor.startEnabled();
    if (plan.everyBoot) await this.#carryOut(plan);
  }

  /** Its disk is made anew: it boots for the first time, under the name that it had. */
  async reimage(): Promise<void> {
    clearInterval(this.#pretending);
    this.#systemctl?.close();
    await this.#running().powerOff();
    await this.#engine?.stop();
    rmSync(this.root, { recursive: true, force: true });
    await this.boot();
  }

  crashMedia(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#crash(this.#options.mediaUnit, signal);
  }

  killAgent(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#crash(this.#options.agentUnit, signal);
  }

  /** A command of systemctl's, as somebody on the machine would give it. */
  command(...words: string[]): Promise<{ code: number; text: string }> {
    return this.#running().command(words);
  }

  /** The main process of a unit, or 0. */
  pidOf(unit: string): number {
    return this.#supervisor?.unit(unit)?.state.mainPid ?? 0;
  }

  cpu(): number {
    return Math.min(100, Math.max(0, this.#options.cpu()));
  }

  #crash(name: string, signal: NodeJS.Signals): void {
    const unit = this.#running().unit(name);
    if (unit === undefined) throw new Error(`${this.id} has no unit ${name}`);
    unit.crash(signal);
  }

  #running(): Supervisor {
    if (this.#supervisor === undefined) throw new Error(`${this.id} has not booted`);
    return this.#supervisor;
  }

  #newSupervisor(): Supervisor {
    const { spec, agentUnit, watchdog } = this.#options;
    const host: UnitHost = {
      root: this.root,
      bin: this.#bin(),
      unitsFolder: this.#unitsFolder(),
      environment: this.#environment,
      watchdog,
      log: (unit, line) => this.#log(unit, line),
    };
    return new Supervisor(host, new Set(spec.runsAgent ? [] : [agentUnit]));
  }

  /** What an image would have: folders, tools, and the ports that are this instance's own. */
  #furnish(ports: InstancePorts): void {
    for (const folder of [
      'etc/ebbtide',
      'etc/systemd/system',
      'etc/needrestart/conf.d',
      'opt',
      'root',
      'run',
      'tmp',
      'var/lib',
      'var/log',
    ]) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
    writeTools(this.root, this.#bin());
    const { uid, gid } = userInfo();
    writeFileSync(join(this.root, 'etc/passwd'), `ebbtide-media:x:${uid}:${gid}::/:/usr/sbin/nologin\n`);
    const placeholders = Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, String(port)]),
    );
    writeFileSync(
      join(this.root, 'etc/ebbtide/node.json'),
      JSON.stringify({ placeholders: { ...placeholders, nodeIp: this.host } }),
    );
  }

  async #carryOut({ files, command, log }: BootPlan): Promise<void> {
    for (const { path, content, mode } of files) {
      const file = join(this.root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode });
      if (command.includes(path)) assertRooted(content.toString('utf8'), path);
    }
    const [program = '', ...rest] = command;
    const words = rest.map((word) =>
      files.some(({ path }) => path === word) ? join(this.root, word) : word,
    );
    await this.#run([join(this.#bin(), basename(program)), ...words], log);
  }

  async #run(words: readonly string[], log: string): Promise<void> {
    if (this.#takenAway) throw new Error(`${this.id} was taken away before it booted`);
    const child = spawnLeader(words, this.root, { ...this.#environment }, this.#options.watchdog);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        said = `${said}${chunk}`.slice(-4000);
        appendFileSync(join(this.root, log), chunk);
      });
    }
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? String(code)));
    });
    if (child.pid !== undefined) this.#booting = { group: child.pid, ended };
    const end = await ended;
    this.#booting = undefined;
    if (this.#takenAway) throw new Error(`${this.id} was taken away while it booted`);
    if (end !== '0') throw new Error(`what ${this.id} runs at boot failed with ${end}: ${said.trim()}`);
  }

  #log(unit: string, line: string): void {
    appendFileSync(join(this.root, 'var/log', `${unit}.log`), `${line}\n`);
    this.#options.onLog({ instanceId: this.id, unit, line });
  }

  #socket(): string {
    return join(this.root, 'run/docker.sock');
  }

  #bin(): string {
    return join(this.root, 'usr/bin');
  }

  #unitsFolder(): string {
    return join(this.root, 'run/systemd/units');
  }
}
