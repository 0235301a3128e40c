import { hasPython, PYTHON } from '../azure/automation/python.ts';
import type { CloudName } from '../cloud/names.ts';

/** What the twin of a cloud needs of this machine and does not find, as a sentence; undefined: nothing. */
export function lackingFor(cloud: CloudName): string | undefined {
  switch (cloud) {
    case 'azure':
      return hasPython()
        ? undefined
        : `there is no ${PYTHON} in PATH, 3.10 or later, in which its runbook is written`;
    case 'aws':
    case 'digitalocean':
    case 'gcp':
      return undefined;
  }
}
