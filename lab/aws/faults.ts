/** A failure that a twin was told to show. */
export interface Fault {
  service: 's3' | 'autoscaling' | 'monitoring' | 'ssm' | 'imds' | 'lambda';
  /** As in a policy without the service (`GetObject`), an IMDS path, or a function's name; absent: every action. */
  action?: string;
  /** Only calls of this instance (by its credentials or its metadata server). */
  instance?: string;
  /** How many calls it spoils; it is gone after that. */
  times: number;
  /** `timeout`: no answer at all until the caller gives up. `garbage`: 200 and a body that is not AWS's. */
  kind: 'throttle' | 'timeout' | 'garbage' | 'error';
}

export interface FaultPort {
  add(fault: Fault): void;
  clear(): void;
}

export interface Faults extends FaultPort {
  /** The fault that this call meets, counted off; undefined for none. */
  take(call: {
    service: Fault['service'];
    action: string;
    instance?: string | undefined;
  }): Fault['kind'] | undefined;
}

export function createFaults(): Faults {
  let planned: Fault[] = [];
  return {
    add: (fault) => {
      planned.push({ ...fault });
    },
    clear: () => {
      planned = [];
    },
    take(call) {
      const fault = planned.find(
        ({ service, action, instance, times }) =>
          times > 0 &&
          service === call.service &&
          (action === undefined || action === call.action) &&
          (instance === undefined || instance === call.instance),
      );
      if (fault) fault.times -= 1;
      return fault?.kind;
    },
  };
}
