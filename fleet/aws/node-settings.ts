import * as v from 'valibot';
import { secretNames } from '../node-schemas.ts';

/** What an agent is told of AWS. */
export const awsCloud = v.strictObject({
  kind: v.literal('aws'),
  region: v.string(),
  group: v.string(),
  launchHook: v.optional(v.string()),
  terminateHook: v.string(),
  /** Of load balancers, by their ARNs: where the node registers itself before it serves. */
  targetGroups: v.optional(v.array(v.string()), []),
  onRebalance: v.optional(v.picklist(['report', 'drain']), 'report'),
});

/** Where a node on AWS has its files from. Its secrets are SSM parameters. */
export const awsSource = v.strictObject({
  kind: v.literal('aws'),
  region: v.string(),
  bucket: v.string(),
  parameters: secretNames,
});
