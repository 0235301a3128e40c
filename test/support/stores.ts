import { BLOB } from './azurite.ts';
import { GCS } from './gcs.ts';
import { S3, SPACES } from './moto.ts';
import type { StoreKind } from './store-server.ts';

/** The stores of others that every claim about ours is tried on. */
export const STORES: readonly StoreKind[] = [S3, SPACES, GCS, BLOB];
