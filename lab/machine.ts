/** A computer that a twin cloud starts and takes away. The cloud knows nothing of what runs on it. */
export interface Machine {
  id: string;
  /** Resolves when what it was given to do at its first boot has run to its end; rejects where it failed. */
  boot(): Promise<void>;
  /** The machine is taken away at once (power off): every process on it is killed. */
  terminate(): Promise<void>;
  /** Simulated, 0 to 100. */
  cpu(): number;
}

/**
 * What an image runs of what the cloud hands it: cloud-init its user-data, at the first boot; Google's guest agent its
 * startup-script, at every boot, a reboot included.
 */
export type MachineInit =
  | { kind: 'cloud-config'; userData: string }
  | { kind: 'startup-script'; script: string };

export interface MachineSpec {
  /** Also the machine's host name where the cloud says so. */
  instanceId: string;
  init: MachineInit;
  /** Where the cloud's services and this machine's metadata are, for every process on the machine. */
  environment: Record<string, string>;
  privateIp: string;
  /** False in the control run: the agent's unit is then ignored. */
  runsAgent: boolean;
}

export interface MachineFactory {
  create(spec: MachineSpec): Machine;
}
