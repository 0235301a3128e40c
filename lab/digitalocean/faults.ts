import type { FunctionsService } from './functions-api/functions-api.ts';

/**
 * What of a twin DigitalOcean can be told to fail: `api` by operation (`droplets_create`), `spaces` by request
 * (`GetObject`), `metadata` by path (`tags`), `function` by `PACKAGE/ACTION`.
 */
export type OceanFaulty = 'api' | 'spaces' | 'metadata' | 'function' | FunctionsService;
