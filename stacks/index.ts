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

// What this pool does not have is none of its outputs: of an export without a value Pulumi would warn at each run.
export default Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
