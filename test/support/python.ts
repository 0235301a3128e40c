import { spawnSync } from 'node:child_process';
import { PYTHON } from '../../lab/azure/automation/job.ts';

/** A machine without what the runbook runs on skips those tests by name. */
export function hasPython(): boolean {
  const asked = spawnSync(PYTHON, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  return asked.status === 0;
}
