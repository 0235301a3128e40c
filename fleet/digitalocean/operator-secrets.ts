import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1));

/**
 * What an operator's own tools need of a pool on DigitalOcean, and who has no rights of his own there has not: the stack's
 * secret output `operatorSecrets`. A key of the pool's buckets, and the secret that tells a node's own words from another's.
 */
export const operatorSecretsSchema = v.object({
  spacesAccessKeyId: text,
  spacesSecretAccessKey: text,
  poolSecret: v.pipe(v.string(), v.minLength(32)),
});
export type OperatorSecrets = v.InferOutput<typeof operatorSecretsSchema>;
