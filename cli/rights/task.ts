/** What an operator is to be able to do. Whoever may look may `explain` too; each of the others includes the one before it. */
export const TASKS = ['status', 'remove', 'roll'] as const;
export type Task = (typeof TASKS)[number];

/** `text`: as the cloud takes it, and nothing else. `steps`: how a person puts it to use; a line that is typed begins with `$ `. */
export interface Policy {
  text: string;
  steps: string[];
}

/** One row of a cloud's table of rights: from `task` on it is needed. */
interface Needed {
  task: Task;
}

export function neededFor<Right extends Needed>(task: Task, rights: readonly Right[]): Right[] {
  const upTo = TASKS.indexOf(task);
  return rights.filter((right) => TASKS.indexOf(right.task) <= upTo);
}

/** An argument as a shell takes it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
