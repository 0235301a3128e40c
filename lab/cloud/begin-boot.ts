import { describeError } from '../../fleet/error.ts';
import type { Machine } from '../machine.ts';
import type { Happening } from './events.ts';

type BootHappening = Extract<Happening, { kind: 'booted' | 'boot-failed' }>;

/** Lets a machine boot, which takes a while, and tells how that ends. */
export function beginBoot(
  machine: Machine,
  instance: string,
  emit: (happening: BootHappening) => void,
  booted: () => void = () => undefined,
): void {
  machine.boot().then(
    () => {
      emit({ kind: 'booted', instance });
      booted();
    },
    (cause) => emit({ kind: 'boot-failed', instance, problem: describeError(cause) }),
  );
}
