import * as pulumi from '@pulumi/pulumi';

export interface DestroySweepArgs {
  /** The file below providers/ whose `runSweep(state, onDestroy, environment)` empties the pool, or rejects. */
  code: string;
  /** What it needs to know, in the stack's state. No secrets. */
  state: Record<string, pulumi.Input<string>>;
}

/**
 * Made last and destroyed first: as long as it refuses to go, nothing of the pool goes. What `pulumi destroy` runs comes
 * from the stack's state, as text, and without the program: it finds the sweep's code in the repository, in which it runs.
 */
export class DestroySweep extends pulumi.dynamic.Resource {
  constructor(name: string, { code, state }: DestroySweepArgs, options: pulumi.CustomResourceOptions) {
    super(provider, name, { code, ...state }, options, 'ebbtide', 'DestroySweep');
  }
}

interface Configured extends pulumi.dynamic.ResourceProvider<Record<string, unknown>> {
  onDestroy?: string | undefined;
}

/** It is kept as text: nothing outside of its methods may be used in them, and modules only by `await import`. */
const provider: Configured = {
  // The configuration as the last `pulumi up` or `destroy --run-program` saw it.
  async configure({ config }) {
    this.onDestroy = config.get('onDestroy');
  },
  async create(inputs) {
    return { id: String(inputs.group), outs: inputs };
  },
  async update(_id, _olds, news) {
    return { outs: news };
  },
  async delete(_id, state) {
    const { createRequire } = await import('node:module');
    const { join } = await import('node:path');
    // Plugins run beside the program, in stacks/.
    const root = join(process.cwd(), '..');
    const beside = join(root, 'package.json');
    try {
      // The very sources, by the loader that runs the program too.
      const loader = createRequire(beside)('tsx/cjs/api');
      const { runSweep } = loader.require(join(root, 'providers', String(state.code)), beside);
      await runSweep(state, this.onDestroy, process.env);
    } catch (cause) {
      let text = '';
      for (let each = cause; each instanceof Error; each = each.cause)
        text += `${text && ': '}${each.message}`;
      // Pulumi prints an error as text, then its stack, then its message: once is enough for a person.
      throw Object.assign(new Error(text || String(cause)), {
        stack: 'the reason is told below',
        toString: () => 'the pool cannot be destroyed now',
      });
    }
  },
};
