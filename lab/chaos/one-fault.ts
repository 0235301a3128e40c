import type { Faults } from '../cloud/faults.ts';
import type { ServiceFault } from './network.ts';

/** A fault of a twin that is set for one answer, and only while that is being given. */
export interface OneFault<Service extends string> extends Faults<Service> {
  during<T>(fault: ServiceFault | undefined, answer: () => T): T;
}

/** `otherwise`: what a call meets that no fault was set for. */
export function createOneFault<Service extends string>(
  otherwise: Faults<Service>['take'] = () => undefined,
): OneFault<Service> {
  let current: ServiceFault | undefined;
  return {
    add: () => ({ spoiled: () => 0, end: () => undefined }),
    clear: () => undefined,
    take: (call) => current ?? otherwise(call),
    during(fault, answer) {
      current = fault;
      try {
        return answer();
      } finally {
        current = undefined;
      }
    },
  };
}
