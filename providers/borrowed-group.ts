import * as pulumi from '@pulumi/pulumi';
import { runRepositoryCode } from './repository-code.ts';

interface LoanArgs {
  /**
   * The file below providers/ that knows the cloud: `noteGroup(state, environment)` tells how the group is, `borrowGroup`
   * gives it our rules, `isBorrowed` tells whether it has them, and `giveBackGroup` gives it back its own.
   */
  code: string;
  /** Where the group is. Another group is another loan. */
  place: Record<string, pulumi.Input<string>> & { group: string };
}

/**
 * How a group of the operator's own was before anything of it was changed: made first, so that it is in the stack's state
 * by then. Whoever dies in the middle of a change, or long after it, can take it back.
 */
export class NotedGroup extends pulumi.dynamic.Resource {
  declare readonly before: pulumi.Output<string>;
  constructor(name: string, { code, place }: LoanArgs, options: pulumi.CustomResourceOptions) {
    super(notedProvider, name, { code, ...place, before: undefined }, options, 'ebbtide', 'NotedGroup');
  }
}

export interface BorrowedGroupArgs extends LoanArgs {
  /** As noted. */
  before: pulumi.Input<string>;
  /** The rules that it is to have, as its code reads them. */
  wanted: pulumi.Input<string>;
}

/** Those rules of the operator's own group that must be ours while the stack is there; given back when it goes. */
export class BorrowedGroup extends pulumi.dynamic.Resource {
  constructor(
    name: string,
    { code, place, before, wanted }: BorrowedGroupArgs,
    options: pulumi.CustomResourceOptions,
  ) {
    super(
      borrowedProvider,
      name,
      { code, ...place, before, wanted },
      // Two at a time would each take the other's rules for what was there before.
      pulumi.mergeOptions(options, { deleteBeforeReplace: true }),
      'ebbtide',
      'BorrowedGroup',
    );
  }
}

interface Properties {
  code: string;
  group: string;
  before?: string | undefined;
  wanted?: string;
  [place: string]: string | undefined;
}

interface Runs extends pulumi.dynamic.ResourceProvider<Properties> {
  run: typeof runRepositoryCode;
}

/** They are kept as text: nothing outside of them may be used in their methods. */
const notedProvider: Runs = {
  run: runRepositoryCode,
  async create(inputs) {
    const code = { file: inputs.code, function: 'noteGroup', failure: 'the group cannot be read' };
    const before = String(await this.run(code, inputs, process.env));
    return { id: inputs.group, outs: { ...inputs, before } };
  },
  // What was noted once stays.
  async diff(_id, olds, news) {
    return { changes: olds.group !== news.group, replaces: olds.group === news.group ? [] : ['group'] };
  },
};

const borrowedProvider: Runs = {
  run: runRepositoryCode,
  async create(inputs) {
    const failure = 'the rules of the group cannot be changed';
    await this.run({ file: inputs.code, function: 'borrowGroup', failure }, inputs, process.env);
    return { id: inputs.group, outs: inputs };
  },
  // Whatever else writes the group may have taken them back meanwhile: it is looked at each time.
  async diff(_id, olds, news) {
    if (olds.group !== news.group) return { changes: true, replaces: ['group'] };
    if (olds.wanted !== news.wanted) return { changes: true };
    const failure = 'the rules of the group cannot be read';
    const holds = await this.run({ file: news.code, function: 'isBorrowed', failure }, news, process.env);
    return { changes: holds !== true };
  },
  async update(_id, _olds, news) {
    const failure = 'the rules of the group cannot be changed';
    await this.run({ file: news.code, function: 'borrowGroup', failure }, news, process.env);
    return { outs: news };
  },
  async delete(_id, state) {
    const failure = 'the rules of the group cannot be given back';
    await this.run({ file: state.code, function: 'giveBackGroup', failure }, state, process.env);
  },
};
