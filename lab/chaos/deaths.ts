/** Where a function dies: at its `nth` request from now, of those that `only` means. */
export interface AtRequest<Only> {
  only: Only;
  when: 'before' | 'after';
  nth: number;
}

/** The deaths that wait for a function. */
export interface Deaths<Only> {
  arm(death: AtRequest<Only>): void;
  /** Counts a request. True: whoever makes it dies there. */
  take(when: 'before' | 'after', isMeant: (only: Only) => boolean): boolean;
}

export function createDeaths<Only>(): Deaths<Only> {
  let armed: (AtRequest<Only> & { left: number })[] = [];
  return {
    arm({ only, when, nth }) {
      armed.push({ only, when, nth, left: nth });
    },
    take(when, isMeant) {
      const met = armed.filter((death) => death.when === when && isMeant(death.only));
      for (const death of met) death.left -= 1;
      const due = met.find(({ left }) => left <= 0);
      armed = armed.filter((death) => death !== due);
      return due !== undefined;
    },
  };
}

/** What a request of a function changes, if anything; and which of them a death may be armed for. */
export type OnlyAt<Change extends string> = Change | 'changes' | 'all';

export function isMeantAt<Change extends string>(only: OnlyAt<Change>, change: Change | undefined): boolean {
  if (only === 'all') return true;
  return only === 'changes' ? change !== undefined : change === only;
}
