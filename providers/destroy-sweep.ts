import * as pulumi from '@pulumi/pulumi';
import { runRepositoryCode } from './repository-code.ts';

export interface DestroySweepArgs {
  /** The file below providers/ whose `runSweep(state, onDestroy, environment, digitalOcean)` empties the pool, or rejects. */
  code: string;
  /** What it needs to know, in the stack's state. What is secret must be so for Pulumi, which then keeps it encrypted. */
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
  run: typeof runRepositoryCode;
  onDestroy?: string | undefined;
  digitalOcean?: { token?: string | undefined; endpoint?: string | undefined };
}

/** It is kept as text: nothing outside of it may be used in its methods. */
const provider: Configured = {
  run: runRepositoryCode,
  // The configuration as the last `pulumi up` or `destroy --run-program` saw it.
  async configure({ config }) {
    this.onDestroy = config.get('onDestroy');
    this.digitalOcean = {
      token: config.get('digitalocean:token'),
      endpoint: config.get('digitalocean:apiEndpoint'),
    };
  },
  async create(inputs) {
    return { id: String(inputs.group), outs: inputs };
  },
  async update(_id, _olds, news) {
    return { outs: news };
  },
  async delete(_id, state) {
    await this.run(
      { file: String(state.code), function: 'runSweep', failure: 'the pool cannot be destroyed now' },
      state,
      this.onDestroy,
      process.env,
      this.digitalOcean,
    );
  },
};
