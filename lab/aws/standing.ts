import type { Standing } from '../cloud/events.ts';
import type { LifecycleState } from './lifecycle.ts';

/** A lifecycle state in the words of all clouds. A retained machine waits for somebody to end it. */
export function standingOf(state: LifecycleState): Standing {
  switch (state) {
    case 'Pending':
    case 'Pending:Wait':
    case 'Pending:Proceed':
      return 'booting';
    case 'InService':
      return 'serving';
    case 'Terminating':
    case 'Terminating:Wait':
      return 'draining';
    case 'Terminating:Retained':
      return 'kept';
    case 'Terminating:Proceed':
      return 'leaving';
    case 'Terminated':
      return 'gone';
  }
}
