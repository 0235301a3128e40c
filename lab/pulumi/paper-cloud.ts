import type { Created, Inputs } from './resource.ts';

/** A cloud as its real provider shows it to a program: nothing of it runs. */
export interface PaperCloud {
  /** As messages call it: `AWS`. */
  readonly title: string;
  /** The provider's package: `aws`, as in `aws:region` and `pulumi:providers:aws`. */
  readonly provider: string;
  /** The real provider's, which the engine asks for. */
  readonly version: string;
  /** Throws where a provider is set up for a place where the twin is not. */
  checkSettings(settings: Inputs): void;
  /** What it answers for a new resource of a type, the same for the same seed (`TYPE::NAME`); undefined: unknown type. */
  creatorOf(type: string): ((inputs: Inputs, seed: string) => Created) | undefined;
  /** What its data sources answer; throws for one that the twin does not know, and for a thing that does not exist. */
  call(token: string, inputs: Inputs): Inputs;
}

/** There is no such thing: an answer that a program may ask for, and no refusal. */
export class Absent extends Error {}

/** Throws for a type that the twin does not know: what it would leave out, nobody would miss. */
export function creatorIn(cloud: PaperCloud, type: string): (inputs: Inputs, seed: string) => Created {
  const creator = cloud.creatorOf(type);
  if (creator) return creator;
  const { title, provider } = cloud;
  throw new Error(
    `the twin ${title} does not know this type: teach it in lab/${provider}/resource-types.ts (${type})`,
  );
}
