import type { AzureSettings } from './settings.ts';

/** How big the set may grow. Those that drain are of the set too: they must take no place from those that serve. */
export function mostNodes({ pool, scaleIn }: Pick<AzureSettings, 'pool' | 'scaleIn'>): number {
  return pool.max + scaleIn.maxDrains;
}
