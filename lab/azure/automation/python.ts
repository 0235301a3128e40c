import { spawnSync } from 'node:child_process';

/** What the cloud runs runbooks in Python with. */
export const PYTHON = 'python3';

/** Whether this machine has what the runbook runs on. */
export function hasPython(): boolean {
  const asked = spawnSync(PYTHON, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  return asked.status === 0;
}
