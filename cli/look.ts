import { describeError } from '../fleet/error.ts';
import type { FleetQuestion } from '../fleet/registry.ts';
import type { Pool } from './pool.ts';
import { timeOf } from './view/nodes-time.ts';
import type { MachinesReading, PoolWorld } from './view/seen.ts';

/** What was not read by then is not known. */
const LOOK_BUDGET_MS = 60_000;

/** The whole pool, once. Never rejects: what could not be read is in it as unknown. */
export async function look(
  pool: Pick<Pool, 'machines' | 'registry'>,
  now: () => number,
  stop?: AbortSignal,
  question?: FleetQuestion,
): Promise<PoolWorld> {
  const signals = [AbortSignal.timeout(LOOK_BUDGET_MS), ...(stop === undefined ? [] : [stop])];
  const signal = AbortSignal.any(signals);
  const [found, fleet] = await Promise.all([
    readMachines(pool, signal),
    pool.registry.readFleet(signal, question),
  ]);
  const nodes = found.kind === 'known' ? found.machines.map(({ node }) => node) : [];
  const decisions = await pool.registry.readDecisions(new Set(nodes), signal);
  return { machines: found, fleet, decisions, now: timeOf(fleet, now()) };
}

async function readMachines(pool: Pick<Pool, 'machines'>, signal: AbortSignal): Promise<MachinesReading> {
  try {
    return { kind: 'known', machines: await pool.machines(signal) };
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause) };
  }
}
