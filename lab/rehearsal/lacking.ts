import { hasPython, PYTHON } from '../azure/automation/python.ts';
import type { CloudName } from '../cloud/names.ts';

/** What the twin of a cloud needs of this machine and does not find, as a sentence; undefined: nothing. */
export function lackingFor(cloud: CloudName): string | undefined {
  switch (cloud) {
    case 'azure':
      return hasPython()
        ? undefined
        : `azure needs ${PYTHON} in PATH, 3.10 or later: its runbook is written in it`;
    case 'aws':
    case 'gcp':
      return undefined;
  }
}
