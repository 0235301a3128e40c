/** A failure that a twin was told to show. `Service`: what the twin has, its metadata servers and functions among it. */
export interface Fault<Service extends string> {
  service: Service;
  /** As the cloud's policies name it without the service, a metadata path, or a function's name; absent: every action. */
  action?: string;
  /** Only calls of this instance (by its credentials or its metadata server). */
  instance?: string;
  /** How many calls it spoils; it is gone after that. */
  times: number;
  /** `timeout`: no answer at all until the caller gives up. `garbage`: 200 and a body that is not the service's. */
  kind: FaultKind;
}

export type FaultKind = 'throttle' | 'timeout' | 'garbage' | 'error';

/** A fault that was told. */
export interface ToldFault {
  /** How many calls it has spoiled so far. */
  spoiled(): number;
  /** Of this one alone. */
  end(): void;
}

export interface FaultPort<Service extends string> {
  add(fault: Fault<Service>): ToldFault;
  clear(): void;
}

export interface Faults<Service extends string> extends FaultPort<Service> {
  /** The fault that this call meets, counted off; undefined for none. */
  take(call: { service: Service; action: string; instance?: string | undefined }): FaultKind | undefined;
}

export function createFaults<Service extends string>(): Faults<Service> {
  let planned: Fault<Service>[] = [];
  return {
    add: (fault) => {
      const told = { ...fault };
      planned.push(told);
      return {
        spoiled: () => fault.times - told.times,
        end: () => {
          planned = planned.filter((each) => each !== told);
        },
      };
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

/** What stands in 200 answers that are not the service's. */
export const GARBAGE = '<html><body>It works!</body></html>';

/**
 * What a call that meets a fault gets: `refused` is the service's own word that it is throttled or broken. Undefined:
 * no answer, ever; it ends when the caller gives up or the twin does.
 */
export function spoiled<Reply>(fault: FaultKind, refused: Reply, garbage: Reply): Reply | undefined {
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
