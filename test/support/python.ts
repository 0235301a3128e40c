import { spawnSync } from 'node:child_process';

/** What the runbook runs on in the cloud; a machine without it skips those tests by name. */
export const PYTHON = 'python3';

export function hasPython(): boolean {
  const asked = spawnSync(PYTHON, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  return asked.status === 0;
}
