/** A function of a file below providers/. */
export interface RepositoryCode {
  file: string;
  function: string;
  /** What could not be done where it rejects, for people. */
  failure: string;
}

/**
 * Runs the repository's own code from a dynamic provider. What Pulumi keeps of a provider is its text, in the stack's
 * state, and it is run without the program: it finds its code in the repository, in which it runs. It is kept as text
 * itself: nothing outside of it may be used in it, and modules only by `await import`.
 */
export async function runRepositoryCode(code: RepositoryCode, ...parameters: unknown[]): Promise<unknown> {
  const { createRequire } = await import('node:module');
  const { join } = await import('node:path');
  // Plugins run beside the program, in stacks/.
  const root = join(process.cwd(), '..');
  const beside = join(root, 'package.json');
  try {
    // The very sources, by the loader that runs the program too.
    const loader = createRequire(beside)('tsx/cjs/api');
    const found = loader.require(join(root, 'providers', code.file), beside);
    return await found[code.function](...parameters);
  } catch (cause) {
    let text = '';
    for (let each = cause; each instanceof Error; each = each.cause) text += `${text && ': '}${each.message}`;
    // Pulumi prints an error as text, then its stack, then its message: once is enough for a person.
    throw Object.assign(new Error(text || String(cause)), {
      stack: 'the reason is told below',
      toString: () => code.failure,
    });
  }
}
