import type { Droplets } from '../droplets/droplets.ts';
import type { TagBook } from '../droplets/tag-book.ts';
import type { OceanModel } from '../model.ts';
import { needScopes, type TokenHolder } from './answer.ts';

/** All that one account has. */
export interface AccountState {
  model: () => OceanModel;
  droplets: Droplets;
  tags: TagBook;
  /** How many droplets it may have. */
  dropletLimit: () => number;
}

/** What a method works on. */
export interface ApiSeen extends AccountState {
  holder: TokenHolder;
  /** The whole address that was asked. */
  address: string;
}

/** Where what is asked for needs more than the method itself. */
export function need({ holder }: ApiSeen, ...scopes: string[]): void {
  needScopes(holder, scopes);
}
