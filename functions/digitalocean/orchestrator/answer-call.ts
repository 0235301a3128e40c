import * as v from 'valibot';
import { announcementSchema } from '../../../fleet/digitalocean/announcement.ts';
import { describeError } from '../../../fleet/error.ts';
import { createLog } from '../../log.ts';
import type { CallAnswer } from './call-answer.ts';
import { composeOrchestrator, type Surroundings } from './compose.ts';
import { hear } from './hear.ts';
import { type OrchestratorTools, orchestrate, planOnly } from './orchestrate.ts';

/**
 * Answers whoever calls the function: its trigger each minute, a node before it takes calls, and when it is empty. But for
 * the announcement, what they send is not looked at: each run looks at the world for itself. With `dryRun` it answers what a run would do, and does nothing.
 */
export function createAction(surroundings: Surroundings): (event: unknown) => Promise<CallAnswer> {
  const toolsOf = keepLatest((parameters) => composeOrchestrator(parameters, surroundings));
  return async (event) => {
    try {
      const tools = toolsOf(parametersOf(event));
      const announcement = v.safeParse(announcementSchema, event);
      if (announcement.success) return await hear(announcement.output, tools);
      const answer = await (saysDryRun(event) ? planOnly(tools) : orchestrate(tools));
      return { statusCode: answer.failures.length > 0 ? 500 : 200, body: answer };
    } catch (cause) {
      const reason = describeError(cause);
      createLog(surroundings.write, surroundings.clock.now)('error', 'orchestrator-failed', { reason });
      return { statusCode: 500, body: { failures: [reason] } };
    }
  };
}

const PARAMETERS = ['settings', 'apiToken', 'spacesKeyId', 'spacesSecretKey', 'poolSecret'] as const;

/** Beside them lies whatever came with the call. */
function parametersOf(event: unknown): Record<string, unknown> {
  return Object.fromEntries(PARAMETERS.map((name) => [name, memberOf(event, name)]));
}

function saysDryRun(event: unknown): boolean {
  const said = memberOf(event, 'dryRun');
  return said !== undefined && said !== false && said !== '0' && said !== 'false';
}

function memberOf(event: unknown, name: string): unknown {
  return typeof event === 'object' && event !== null ? Reflect.get(event, name) : undefined;
}

/** A container serves many calls: its connections are kept for as long as its parameters are the same. */
function keepLatest(
  compose: (parameters: Record<string, unknown>) => OrchestratorTools,
): (parameters: Record<string, unknown>) => OrchestratorTools {
  let latest: { of: string; tools: OrchestratorTools } | undefined;
  return (parameters) => {
    const of = JSON.stringify(parameters);
    if (latest?.of !== of) latest = { of, tools: compose(parameters) };
    return latest.tools;
  };
}
