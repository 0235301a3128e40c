import * as v from 'valibot';
import { readSamples } from './prometheus.ts';

/** How many jobs a page tells of, or why it does not. */
export type Jobs = { jobs: number } | { reason: string };

const healthSchema = v.pipe(v.string(), v.parseJson(), v.looseObject({ CpuLoad: v.number() }));
const workerSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ active_jobs: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
);

/**
 * The health page of egress: one member for each job that goes on, by its id, until its last file is uploaded; and
 * `CpuLoad`, which is no job (and tells what is free, not what is used).
 */
export function egressJobsFromHealth(page: string): Jobs {
  const parsed = v.safeParse(healthSchema, page);
  if (!parsed.success)
    return { reason: `this is not the health page of egress (${v.summarize(parsed.issues)})` };
  return { jobs: Object.keys(parsed.output).length - 1 };
}

/** `livekit_egress_available` would not do: it says whether egress is idle, not whether it takes more. */
export function egressJobsFromMetrics(page: string): Jobs {
  return sumRequests(page, 'livekit_egress_requests', 'livekit_egress_can_accept_request');
}

export function ingressJobsFromMetrics(page: string): Jobs {
  return sumRequests(page, 'livekit_ingress_requests', 'livekit_ingress_available');
}

/** The `/worker` page of LiveKit's agents. */
export function agentJobsFromWorker(page: string): Jobs {
  const parsed = v.safeParse(workerSchema, page);
  if (!parsed.success) return { reason: `this is not an agent's page (${v.summarize(parsed.issues)})` };
  return { jobs: parsed.output.active_jobs };
}

/** A gauge with labels is not on the page before its first job: another gauge shows whose page it is. */
function sumRequests(page: string, requests: string, always: string): Jobs {
  const samples = readSamples(page, [requests, always]);
  if (!samples.some(({ name }) => name === always)) return { reason: `the metrics do not hold ${always}` };
  const jobs = samples.filter(({ name }) => name === requests).reduce((total, { value }) => total + value, 0);
  if (!Number.isInteger(jobs) || jobs < 0) return { reason: `the metrics give ${jobs} ${requests}` };
  return { jobs };
}
