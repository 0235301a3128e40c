import type { Inputs } from '../resource.ts';

/** What the real provider does with one type beyond keeping what it is given, as far as the program uses it. */
export interface TypeRules {
  /** The member that gets a generated name where neither it nor its prefix is given. */
  autoName?: string;
  /** What is not given. */
  defaults?: Inputs;
  /** Another value of these cannot be given to a thing that is there: it is made anew. */
  replaces: readonly string[];
  /** What an update makes anew, so that a preview does not know it. */
  renewed?: readonly string[];
}

/** A type that is not here has no such rules: every change of it is an update. */
export type RulesByType = Readonly<Record<string, TypeRules>>;

export const NO_RULES: TypeRules = { replaces: [] };
