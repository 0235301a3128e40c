import type * as pulumi from '@pulumi/pulumi';
import type { ProgramRun, Registered } from '../stacks-mocks.ts';

export function ofType(run: ProgramRun, type: string): Registered[] {
  return run.resources.filter((resource) => resource.type === type);
}

/** What was registered, whatever it was given. */
export function namesIn(run: ProgramRun): string[] {
  return run.resources.map(({ type, name }) => `${type} ${name}`).sort();
}

/** Resources of a provider's that another than that one makes. `named`: as its URN ends. */
export function strays(run: ProgramRun, provider: string, named: string): Registered[] {
  return run.resources.filter(({ custom, type, provider: by }) => {
    return custom && type.startsWith(`${provider}:`) && !by?.includes(`::pulumi:providers:${named}::`);
  });
}

/** What the program exports, as it turned out. */
export async function toldBy({ outputs }: ProgramRun): Promise<Record<string, unknown>> {
  const told = Object.entries(outputs).map(async ([name, output]) => [name, await promiseOf(output)]);
  return Object.fromEntries(await Promise.all(told));
}

export function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}
