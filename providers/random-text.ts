import * as pulumi from '@pulumi/pulumi';

export interface RandomTextArgs {
  /** As many random bytes, as hex digits. */
  bytes: number;
  /** Whether the stack's state keeps it encrypted. */
  secret: boolean;
}

/** Text that nobody can guess, or that nothing else is called: it is drawn once, and stays for as long as the stack does. */
export class RandomText extends pulumi.dynamic.Resource {
  declare readonly text: pulumi.Output<string>;
  constructor(name: string, { bytes, secret }: RandomTextArgs, options: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { bytes, text: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: secret ? ['text'] : [] }),
      'ebbtide',
      'RandomText',
    );
  }
}

/** It is kept as text: nothing outside of it may be used in its methods. */
const provider: pulumi.dynamic.ResourceProvider<{ bytes: number; text: string | undefined }> = {
  async create({ bytes }) {
    const { randomBytes } = await import('node:crypto');
    return { id: 'random', outs: { bytes, text: randomBytes(bytes).toString('hex') } };
  },
  async diff(_id, olds, news) {
    return {
      changes: olds.bytes !== news.bytes,
      replaces: olds.bytes === news.bytes ? [] : ['bytes'],
    };
  },
};
