import { createS3Store } from '../../../fleet/aws/s3-store.ts';
import { terminationPolicySettingsSchema } from '../../../fleet/aws-function-settings.ts';
import { createBucketRegistry } from '../../../fleet/bucket-registry.ts';
import { createRealClock } from '../../../fleet/clock.ts';
import { createLog } from '../../log.ts';
import { readSettings } from '../../settings.ts';
import { connectToAws } from '../connect.ts';
import { answerGroup, type PolicyTools } from './answer.ts';
import type { TerminationAnswer } from './request.ts';

/**
 * The group waits 2 s, the start of a new Lambda included (some 0.4 s): reading and writing at their slowest leave that
 * much. Each is bounded as a whole and no request need be.
 */
const READ_BUDGET_MS = 1_000;
const WRITE_BUDGET_MS = 450;

/** Once for many questions: connections stay open between them. */
const tools = compose(process.env);

/** The composition root: what Lambda calls when the group must choose. */
export function handler(event: unknown): Promise<TerminationAnswer> {
  return answerGroup(event, tools);
}

function compose(environment: Readonly<Record<string, string | undefined>>): PolicyTools {
  const settings = readSettings(environment, terminationPolicySettingsSchema);
  const client = connectToAws(environment, READ_BUDGET_MS);
  return {
    settings,
    registry: createBucketRegistry({ store: createS3Store({ client, bucket: settings.bucket }) }),
    log: createLog((line) => process.stdout.write(line), Date.now),
    clock: createRealClock(),
    random: Math.random,
    readBudgetMs: READ_BUDGET_MS,
    writeBudgetMs: WRITE_BUDGET_MS,
  };
}
