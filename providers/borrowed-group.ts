import * as pulumi from '@pulumi/pulumi';
import { runRepositoryCode } from './repository-code.ts';

interface LoanArgs {
  /**
   * The file below providers/ that knows the cloud: `noteGroup(state, environment)` tells how the group is, `borrowGroup`
   * gives it our rules, `isBorrowed` tells whether it has them, and `giveBackGroup` gives it back its own and answers, for
   * people, what it leaves as somebody else has made it meanwhile.
   */
  code: string;
  /** Where the group is. Another group is another loan. */
  place: Record<string, pulumi.Input<string>> & { group: string };
  /** What is needed beside, in order to get there: it may change, and the loan stays. */
  access?: Record<string, pulumi.Input<string>>;
  /** The rules that it is to have, as its code reads them. */
  wanted: pulumi.Input<string>;
}

/**
 * How a group of the operator's own was before anything of it was changed, and what it is to be: made first, so that both
 * are in the stack's state by then. Destroyed last: whoever died in the middle of a change, this gives the group back.
 */
export class NotedGroup extends pulumi.dynamic.Resource {
  declare readonly before: pulumi.Output<string>;
  constructor(name: string, args: LoanArgs, options: pulumi.CustomResourceOptions) {
    super(notedProvider, name, { ...inputsOf(args), before: undefined }, options, 'ebbtide', 'NotedGroup');
  }
}

export interface BorrowedGroupArgs extends LoanArgs {
  /** As noted. */
  before: pulumi.Input<string>;
}

/** Those rules of the operator's own group that must be ours while the stack is there; given back when it goes. */
export class BorrowedGroup extends pulumi.dynamic.Resource {
  constructor(name: string, { before, ...args }: BorrowedGroupArgs, options: pulumi.CustomResourceOptions) {
    super(
      borrowedProvider,
      name,
      { ...inputsOf(args), before },
      // Two at a time would each take the other's rules for what was there before.
      pulumi.mergeOptions(options, { deleteBeforeReplace: true }),
      'ebbtide',
      'BorrowedGroup',
    );
  }
}

function inputsOf({ code, place, access = {}, wanted }: LoanArgs) {
  return { code, place, access, wanted };
}

interface Properties {
  code: string;
  place: { group: string; [part: string]: string };
  access: { [part: string]: string };
  wanted: string;
  before?: string | undefined;
  /** Pulumi's own: the text of these methods. */
  __provider?: string;
}

interface Runs extends pulumi.dynamic.ResourceProvider<Properties> {
  code: typeof runRepositoryCode;
  run(task: { function: string; failure: string }, of: Properties): Promise<unknown>;
  isOther(one: unknown, other: unknown): Promise<boolean>;
}

/** They are kept as text: nothing outside of them may be used in their methods. */
const hands: Pick<Runs, 'code' | 'run' | 'isOther'> = {
  code: runRepositoryCode,
  async run(task, { code: file, place, access, wanted, before }) {
    return await this.code({ file, ...task }, { ...place, ...access, wanted, before }, process.env);
  },
  async isOther(one, other) {
    const { isDeepStrictEqual } = await import('node:util');
    return !isDeepStrictEqual(one, other);
  },
};

export const notedProvider: Runs = {
  ...hands,
  async create(inputs) {
    const task = { function: 'noteGroup', failure: 'the group cannot be read' };
    const before = String(await this.run(task, inputs));
    return { id: inputs.place.group, outs: { ...inputs, before } };
  },
  async diff(_id, { before: _before, ...olds }, { before: _none, ...news }) {
    if (await this.isOther(olds.place, news.place)) return { changes: true, replaces: ['place'] };
    return { changes: await this.isOther(olds, news) };
  },
  // What was noted once stays.
  async update(_id, olds, news) {
    return { outs: { ...news, before: olds.before } };
  },
  async delete(_id, state) {
    const task = { function: 'giveBackGroup', failure: 'the group cannot be given back' };
    const left = await this.run(task, state);
    // Pulumi shows a person what a provider's process writes.
    for (const each of Array.isArray(left) ? left : []) process.stderr.write(`${each}\n`);
  },
};

export const borrowedProvider: Runs = {
  ...hands,
  async create(inputs) {
    const task = { function: 'borrowGroup', failure: 'the rules of the group cannot be changed' };
    await this.run(task, inputs);
    return { id: inputs.place.group, outs: inputs };
  },
  // Whatever else writes the group may have taken them back meanwhile: it is looked at each time.
  async diff(_id, olds, news) {
    if (await this.isOther(olds.place, news.place)) return { changes: true, replaces: ['place'] };
    if (await this.isOther(olds, news)) return { changes: true };
    const task = { function: 'isBorrowed', failure: 'the rules of the group cannot be read' };
    return { changes: (await this.run(task, news)) !== true };
  },
  async update(_id, _olds, news) {
    const task = { function: 'borrowGroup', failure: 'the rules of the group cannot be changed' };
    await this.run(task, news);
    return { outs: news };
  },
  async delete(_id, state) {
    const task = { function: 'giveBackGroup', failure: 'the rules of the group cannot be given back' };
    await this.run(task, state);
  },
};
