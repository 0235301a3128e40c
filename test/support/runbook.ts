import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { PYTHON } from '../../lab/azure/automation/python.ts';
import { azureRunbook } from '../../stacks/bundle.ts';

const RUNNER = fileURLToPath(new URL('runbook_runner.py', import.meta.url));

const outcomesSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(v.object({ value: v.optional(v.unknown()), problem: v.optional(v.string()) })),
);

export type RunbookCall = [name: string, given: unknown[]];

/** What functions of the runbook give, as Azure runs it: all in one process, since a process for each would take minutes. */
export function callRunbook(
  calls: readonly RunbookCall[],
): { value?: unknown; problem?: string | undefined }[] {
  const input = JSON.stringify({ runbook: azureRunbook().code, calls });
  const ran = spawnSync(PYTHON, [RUNNER], { input, encoding: 'utf8', maxBuffer: 1e8 });
  assert.equal(ran.status, 0, ran.stderr);
  return v.parse(outcomesSchema, ran.stdout);
}
