import { describeError } from '../fleet/error.ts';

/** Does one step: false where it failed, and then it is told in `failures`, and keeps nothing else from being done. */
export type Attempt = (what: string, act: () => Promise<void>) => Promise<boolean>;

export function attemptsInto(failures: string[]): Attempt {
  return async (what, act) => {
    try {
      await act();
      return true;
    } catch (cause) {
      failures.push(`${what}: ${describeError(cause)}`);
      return false;
    }
  };
}
