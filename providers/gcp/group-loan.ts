import * as v from 'valibot';
import { createRealClock } from '../../fleet/clock.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { type Compute, createCompute } from '../../fleet/gcp/compute.ts';
import { describeGroup } from '../../fleet/gcp/described-group.ts';
import { operatorToken } from '../../fleet/gcp/operator-token.ts';
import { REQUEST_TIMEOUT_MS } from '../sweep-state.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const placeSchema = v.object({
  group: v.string(),
  project: v.string(),
  region: v.string(),
  autoscaler: v.string(),
});
type Place = v.InferOutput<typeof placeSchema>;

const mode = v.picklist(['ON', 'ONLY_SCALE_OUT', 'ONLY_UP', 'OFF']);
const loanSchema = v.object({
  ...placeSchema.entries,
  before: v.pipe(v.string(), v.parseJson(), v.object({ v: v.literal(1), mode })),
  wanted: v.pipe(v.string(), v.parseJson(), v.object({ mode })),
});

/** In which mode the group's autoscaler is, before that changes. */
export async function noteGroup(state: unknown, environment: Environment): Promise<string> {
  const place = v.parse(placeSchema, state);
  const now = await modeOf(place, environment);
  if (now === undefined) throw new Error(`the group ${place.group} has no autoscaler ${place.autoscaler}`);
  return JSON.stringify({ v: 1, mode: v.parse(mode, now) });
}

/** From then on it deletes no machine. Safe to repeat. */
export async function borrowGroup(state: unknown, environment: Environment): Promise<void> {
  const { wanted, ...place } = v.parse(loanSchema, state);
  await setMode(place, wanted.mode, environment);
  if ((await modeOf(place, environment)) !== wanted.mode)
    throw new Error(
      `the autoscaler ${place.autoscaler} has not taken the mode ${wanted.mode}: does something else write it?`,
    );
}

export async function isBorrowed(state: unknown, environment: Environment): Promise<boolean> {
  const { wanted, ...place } = v.parse(loanSchema, state);
  return (await modeOf(place, environment)) === wanted.mode;
}

/** As it was; but a mode that somebody else chose for it meanwhile is theirs to keep. OFF is also what a parting leaves. */
export async function giveBackGroup(state: unknown, environment: Environment): Promise<void> {
  const { before, wanted, ...place } = v.parse(loanSchema, state);
  const now = await modeOf(place, environment);
  if (now === undefined || (now !== wanted.mode && now !== 'OFF') || now === before.mode) return;
  await setMode(place, before.mode, environment);
}

/** Undefined where the group is gone, or has another autoscaler, or none. */
async function modeOf(place: Place, environment: Environment): Promise<string | undefined> {
  const autoscaler = (await describeGroup(clientOf(environment), place))?.autoscaler;
  return autoscaler?.name === place.autoscaler ? autoscaler.mode : undefined;
}

async function setMode(
  place: Place,
  to: v.InferOutput<typeof mode>,
  environment: Environment,
): Promise<void> {
  const compute: Compute = createCompute({
    ...place,
    client: clientOf(environment),
    clock: createRealClock(),
    pool: place.group,
  });
  await compute.follow(await compute.setScaling(to));
}

function clientOf(environment: Environment) {
  return createGcpClient({ token: operatorToken(environment), environment, timeoutMs: REQUEST_TIMEOUT_MS });
}
