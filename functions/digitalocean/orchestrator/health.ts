import * as v from 'valibot';
import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { CHECK_PERIOD, HEALTH_MEMORY } from '../../../fleet/digitalocean/pool-health.ts';
import type { MemoryReading, Registry } from '../../../fleet/registry.ts';
import { attemptsInto } from '../../attempts.ts';
import type { Finding } from '../../watch/finding.ts';
import {
  alarmsAfter,
  NO_ALARMS,
  type StandingAlarms,
  standingAlarmsSchema,
} from '../../watch/standing-alarms.ts';
import { HEALTH_BUDGET_MS } from './budgets.ts';
import type { OrchestratorWorld } from './world.ts';

export interface HealthTools {
  registry: Pick<Registry, 'readMemory' | 'writeMemory'>;
  clock: Clock;
}

/**
 * Writes down what a person must hear of: DigitalOcean has no alert by what a function logs, but one by what a page
 * answers. A run that did not come so far has written nothing, and what the one before wrote grows old. Of two runs at
 * once only the one that has its turn writes. What fails here is a failure of the run.
 */
export async function tellHealth(
  { registry, clock }: HealthTools,
  world: OrchestratorWorld,
  findings: readonly Finding[],
  failures: string[],
): Promise<void> {
  if (world.turn.kind === 'taken') return;
  const all = [...findings.filter((finding) => !isExpected(finding, world)), ...ofFailures(failures)];
  const { signal, letGo } = abortAfter(clock, HEALTH_BUDGET_MS);
  await attemptsInto(failures)('telling how the pool is', async () => {
    const before = recall(await registry.readMemory(HEALTH_MEMORY, signal));
    const after = alarmsAfter(before, all, clock.now(), CHECK_PERIOD.ms);
    await registry.writeMemory(HEALTH_MEMORY, after, signal);
  });
  letGo();
}

/** One that makes no sense is begun anew. One that could not be read must not be written over: it may be remembered there what is over by now. */
function recall(reading: MemoryReading): Pick<StandingAlarms, 'seen'> {
  if (reading.kind === 'unknown') throw new Error(reading.reason);
  const parsed = v.safeParse(standingAlarmsSchema, reading.kind === 'found' ? reading.memory : undefined);
  return parsed.success ? parsed.output : NO_ALARMS;
}

/** A droplet that was made just now has not spoken yet. If it never does, that is another finding. */
function isExpected({ name, node }: Finding, { nursery }: OrchestratorWorld): boolean {
  return (
    name === 'unknown' &&
    nursery.kind === 'known' &&
    nursery.nursery.births.some((birth) => birth.node === node)
  );
}

function ofFailures(failures: readonly string[]): Finding[] {
  return failures.map((text) => ({ level: 'error', name: 'orchestrator-fails', text }));
}
