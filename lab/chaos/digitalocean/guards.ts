import type { Guard } from '../guard.ts';

export const DIGITALOCEAN_GUARDS: readonly Guard[] = [];
