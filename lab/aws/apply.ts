import type { AwsModel } from './model.ts';

export interface Application {
  /** Path of the program's entry: stacks/index.ts, or a smaller one in tests. */
  program: string;
  /** Stack config as in Pulumi.<stack>.yaml, keys with their namespace; objects are written as JSON. */
  config: Record<string, string>;
  /** Keys of `config` that are secret. */
  secrets?: string[];
  stack?: string;
  preview?: boolean;
}

export interface Applied {
  model: AwsModel;
  /** What the program exports. */
  outputs: Record<string, unknown>;
}

/** Applies a Pulumi program to a twin AWS, whole; rejects with everything that was refused or went wrong on the way. */
export async function applyProgram(_application: Application): Promise<Applied> {
  throw new Error('the twin AWS is being built: only its interface is here');
}
