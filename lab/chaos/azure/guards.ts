import type { Guard } from '../guard.ts';

/** In what only Azure has. */
export const AZURE_GUARDS: readonly Guard[] = [];
