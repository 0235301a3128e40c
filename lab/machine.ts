/** A computer that a twin cloud starts and takes away. The cloud knows nothing of what runs on it. */
export interface Machine {
  id: string;
  /** Resolves when user-data has run to its end; rejects where it failed. */
  boot(): Promise<void>;
  /** The machine is taken away at once (power off): every process on it is killed. */
  terminate(): Promise<void>;
  /** Simulated, 0 to 100. */
  cpu(): number;
}

export interface MachineSpec {
  instanceId: string;
  /** Decoded text. */
  userData: string;
  /** AWS_ENDPOINT_URL and AWS_EC2_METADATA_SERVICE_ENDPOINT, for every process on the machine. */
  environment: Record<string, string>;
  privateIp: string;
  /** False in the control run: the agent's unit is then ignored. */
  runsAgent: boolean;
}

export interface MachineFactory {
  create(spec: MachineSpec): Machine;
}
