import * as pulumi from '@pulumi/pulumi';
import { createBundler } from './bundle.ts';
import { runProgram } from './program.ts';

// The CLI says here which keys are encrypted; run by anything else, nothing is known of it.
const secretKeys = process.env.PULUMI_CONFIG_SECRET_KEYS;
const outputs = await runProgram(
  {
    values: pulumi.runtime.allConfig(),
    isSecret: (key) => secretKeys === undefined || secretKeys.includes(`"${key}"`),
  },
  createBundler(),
);

export const {
  cloud,
  pool,
  group,
  registry,
  network,
  securityGroup,
  template,
  metrics,
  address,
  operatorSecrets,
  nodeScript,
  nodeUserData,
  toAdd,
} = outputs;
