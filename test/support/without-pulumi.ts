import type { Context } from 'mocha';

/** In a `before`: leaves out all of its suite, by name. */
export function skipWithoutPulumi(hook: Context): void {
  hook.test?.parent?.eachTest((test) => {
    test.title += ' (skipped: no pulumi in PATH, and EBBTIDE_PULUMI is not set)';
  });
  hook.skip();
}
