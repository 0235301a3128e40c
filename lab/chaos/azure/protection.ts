import type { Job } from '../../azure/automation/job.ts';
import { type Instance, isShielded } from '../../azure/compute/instance.ts';
import type { Machines } from '../../azure/compute/machines.ts';
import type { RunbookEnd } from './runbook.ts';

/** Whether a run that found nothing wrong has left an instance to Azure's own scale-in. */
export interface ProtectionCheck {
  began(job: Job): void;
  /** Those that it has left so. */
  ended(job: Job, how: RunbookEnd): Instance[];
}

/** `failed`: whether an operation that was begun since then (ms since the epoch) may have failed after its answer. */
export function createProtectionCheck(
  machines: Machines,
  failed: (since: number) => boolean,
): ProtectionCheck {
  const bareAtFirst = new Map<Job, Map<Instance, number>>();

  /** Who is being made, changed or deleted has its turn later. */
  const bare = () =>
    machines.present().filter((each) => each.provisioning === 'Succeeded' && !isShielded(each));

  return {
    began: (job) => bareAtFirst.set(job, new Map(bare().map((each) => [each, each.version]))),
    ended(job, how) {
      const first = bareAtFirst.get(job);
      bareAtFirst.delete(job);
      const hasLooked = job.lines.some((line) => line.includes('"event": "scale-in"'));
      if (first === undefined || how.kind !== 'exited' || how.code !== 0 || !hasLooked) return [];
      if (failed(job.startedAt ?? 0)) return [];
      // What somebody changed meanwhile is seen to by the next run.
      return bare().filter((each) => first.get(each) === each.version);
    },
  };
}
