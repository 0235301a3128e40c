import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineFactory, MachineSpec } from '../machine.ts';
import { type InstancePorts, LabMachine, type LogLine } from './lab-machine.ts';
import { Ports } from './ports.ts';
import { Watchdog } from './watchdog.ts';

export interface LabMachinesOptions {
  /** Simulated, 0 to 100: what the people on an instance make its processor do. */
  readonly cpuOf?: (instanceId: string) => number;
  readonly onLog?: (line: LogLine) => void;
  readonly agentUnit?: string;
  readonly mediaUnit?: string;
  /** Images of containers, by their digest, and what each runs. */
  readonly images?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Leaves the instances' folders, with their logs, when all is over. */
  readonly keep?: boolean;
  /** The program listens for signals itself, and disposes of the machines then: they are not killed at once. */
  readonly signalsAreHeard?: boolean;
}

const LAST_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Makes instances as folders below one temporary folder, and sees to it that none of their processes outlives the lab. */
export class LabMachines implements MachineFactory {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'ebbtide-')));
  readonly #options: LabMachinesOptions;
  readonly #machines = new Map<string, LabMachine>();
  /** Every name that was given, as often as it was. */
  readonly #made: string[] = [];
  readonly #ports = new Ports();
  readonly #watchdog = new Watchdog();
  readonly #atExit = () => this.#killNow();
  readonly #atSignal = (signal: NodeJS.Signals) => {
    this.#killNow();
    this.#letGo();
    // With nobody else to listen, the lab ends by this signal as it would have without us.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  constructor(options: LabMachinesOptions = {}) {
    this.#options = options;
    process.on('exit', this.#atExit);
    if (options.signalsAreHeard) return;
    for (const signal of LAST_SIGNALS) process.on(signal, this.#atSignal);
  }

  create(spec: MachineSpec): LabMachine {
    const { cpuOf, onLog, agentUnit, mediaUnit, images } = this.#options;
    // The name of a machine may come again, its disk does not.
    const again = this.#made.filter((name) => name === spec.instanceId).length;
    const root = join(this.folder, again === 0 ? spec.instanceId : `${spec.instanceId}.${again}`);
    this.#made.push(spec.instanceId);
    mkdirSync(root);
    const machine = new LabMachine({
      spec,
      root,
      takePorts: () => this.#takePorts(),
      agentUnit: agentUnit ?? 'ebbtide-agent.service',
      mediaUnit: mediaUnit ?? 'livekit.service',
      images,
      cpu: () => cpuOf?.(spec.instanceId) ?? 0,
      watchdog: this.#watchdog,
      onLog: onLog ?? (() => undefined),
    });
    this.#machines.set(spec.instanceId, machine);
    return machine;
  }

  /** The last of that name. */
  machine(instanceId: string): LabMachine | undefined {
    return this.#machines.get(instanceId);
  }

  machines(): LabMachine[] {
    return [...this.#machines.values()];
  }

  /** Ends every instance. */
  async dispose(): Promise<void> {
    await Promise.all(this.machines().map((machine) => machine.terminate()));
    await this.#watchdog.stop();
    this.#letGo();
    if (!this.#options.keep) rmSync(this.folder, { recursive: true, force: true });
  }

  async #takePorts(): Promise<InstancePorts> {
    return {
      signalPort: await this.#ports.take(),
      rtcUdpPort: await this.#ports.take(),
      rtcTcpPort: await this.#ports.take(),
      metricsPort: await this.#ports.take(),
      agentPort: await this.#ports.take(),
    };
  }

  #killNow(): void {
    for (const machine of this.#machines.values()) machine.killNow();
    if (!this.#options.keep) rmSync(this.folder, { recursive: true, force: true });
  }

  #letGo(): void {
    process.off('exit', this.#atExit);
    for (const signal of LAST_SIGNALS) process.off(signal, this.#atSignal);
  }
}
