import * as v from 'valibot';

/** A path on a node. */
export const path = v.pipe(v.string(), v.minLength(1));

/** Placeholder name → the name of the secret that fills it in, in the cloud's own keeping. */
export const secretNames = v.record(v.string(), v.string());
