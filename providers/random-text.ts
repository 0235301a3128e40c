import * as pulumi from '@pulumi/pulumi';

export interface RandomTextArgs {
  /** As many random bytes, as hex digits. */
  bytes: number;
  /** Whether the stack's state keeps it encrypted. */
  secret: boolean;
  /** What it is drawn for, where that must stay what it is for as long as the stack does. */
  fixed?: Fixed | undefined;
}

interface Fixed {
  to: string;
  /** What a person is told of another one; `{was}` stands for the one that it was. */
  otherwise: string;
}

/** Text that nobody can guess, or that nothing else is called: it is drawn once, and stays for as long as the stack does. */
export class RandomText extends pulumi.dynamic.Resource {
  declare readonly text: pulumi.Output<string>;
  constructor(name: string, { bytes, secret, fixed }: RandomTextArgs, options: pulumi.CustomResourceOptions) {
    super(
      randomTextProvider,
      name,
      { bytes, ...(fixed === undefined ? {} : { fixed }), text: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: secret ? ['text'] : [] }),
      'ebbtide',
      'RandomText',
    );
  }
}

interface Properties {
  bytes: number;
  fixed?: Fixed;
  text: string | undefined;
}

/** It is kept as text: nothing outside of it may be used in its methods. */
export const randomTextProvider: pulumi.dynamic.ResourceProvider<Properties> = {
  // Before anything is changed: whatever is made with it would be made anew, and what is in that be gone.
  async check(olds, news) {
    const was = olds.fixed?.to;
    const { fixed } = news;
    if (was === undefined || fixed === undefined || was === fixed.to) return { inputs: news };
    return { inputs: news, failures: [{ property: '', reason: fixed.otherwise.replaceAll('{was}', was) }] };
  },
  async create({ bytes, fixed }) {
    const { randomBytes } = await import('node:crypto');
    const text = randomBytes(bytes).toString('hex');
    return { id: 'random', outs: { bytes, ...(fixed === undefined ? {} : { fixed }), text } };
  },
  async diff(_id, olds, news) {
    return {
      changes: olds.bytes !== news.bytes,
      replaces: olds.bytes === news.bytes ? [] : ['bytes'],
    };
  },
};
