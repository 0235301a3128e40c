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

/** What stands in 200 answers that are not AWS's. */
export const GARBAGE = '<html><body>It works!</body></html>';

/**
 * What a call that meets a fault gets: `refused` is the service's own word that it is throttled or broken. Undefined:
 * no answer, ever; it ends when the caller gives up or the twin does.
 */
export function spoiled<Reply>(fault: Fault['kind'], refused: Reply, garbage: Reply): Reply | undefined {
  switch (fault) {
    case 'timeout':
      return undefined;
    case 'garbage':
      return garbage;
    case 'throttle':
    case 'error':
      return refused;
  }
}
