import * as v from 'valibot';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { type Compute, createCompute } from '../../fleet/gcp/compute.ts';
import { describeGroup } from '../../fleet/gcp/described-group.ts';
import { operatorToken } from '../../fleet/gcp/operator-token.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import { REQUEST_TIMEOUT_MS } from '../sweep-state.ts';
import { createPartingMemory, type PartingMemory } from './parting-memory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const placeSchema = v.object({
  group: v.string(),
  project: v.string(),
  region: v.string(),
  autoscaler: v.string(),
});
type Place = v.InferOutput<typeof placeSchema>;

/** Where a parting writes down that it stops the autoscaler: see `run-parting.ts`. */
const accessSchema = v.object({ bucket: v.string() });

const mode = v.picklist(['ON', 'ONLY_SCALE_OUT', 'ONLY_UP', 'OFF']);
const loanSchema = v.object({
  ...placeSchema.entries,
  ...accessSchema.entries,
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
  const { wanted, bucket, ...place } = v.parse(loanSchema, state);
  await setMode(place, wanted.mode, environment);
  if ((await modeOf(place, environment)) !== wanted.mode)
    throw new Error(
      `the autoscaler ${place.autoscaler} has not taken the mode ${wanted.mode}: does something else write it?`,
    );
  // A destroy that did not come to its end may have stopped it: what stops it from now on is somebody else.
  const parting = partingOf(bucket, environment);
  // Google takes one write of an object in a second.
  if (await parting.hasStopped()) await parting.write(false);
}

export async function isBorrowed(state: unknown, environment: Environment): Promise<boolean> {
  const { wanted, ...place } = v.parse(loanSchema, state);
  return (await modeOf(place, environment)) === wanted.mode;
}

/**
 * As it was; but a mode that somebody else chose for it meanwhile is theirs to keep, and is told. Safe to repeat, also
 * where nothing was borrowed yet.
 */
export async function giveBackGroup(state: unknown, environment: Environment): Promise<string[]> {
  const { before, wanted, bucket, ...place } = v.parse(loanSchema, state);
  const now = await modeOf(place, environment);
  if (now === undefined || now === before.mode) return [];
  const isOurs =
    now === wanted.mode || (now === 'OFF' && (await partingOf(bucket, environment).hasStopped()));
  const stays = (why: string) => [
    `the autoscaler ${place.autoscaler} of the group ${place.group} stays in the mode ${now}, ${why}; before, it was ` +
      `${before.mode} (\`gcloud compute instance-groups managed update-autoscaling ${place.group} --region ${place.region} ` +
      `--mode ${MODE_OF_GCLOUD[before.mode]}\`)`,
  ];
  if (!isOurs) return stays('which somebody else has given it since it was borrowed');
  const cut = before.mode === 'ON' ? await whyItWouldCut(place, environment) : undefined;
  if (cut !== undefined) return stays(cut);
  await setMode(place, before.mode, environment);
  return [];
}

/** In the mode ON it deletes at once whoever is too many, with the calls on them: that is left to a person. */
async function whyItWouldCut(place: Place, environment: Environment): Promise<string | undefined> {
  const compute = computeOf(place, environment);
  const [{ recommendedSize }, group] = await Promise.all([compute.readAutoscaler(), compute.readGroup()]);
  if (group === undefined) return undefined;
  if (recommendedSize !== undefined && recommendedSize >= group.targetSize) return undefined;
  const enough =
    recommendedSize === undefined ? 'does not tell how many are enough' : `wants ${recommendedSize}`;
  return `since it ${enough} and there are ${group.targetSize}: in its own mode it deletes machines at once, with the calls on them`;
}

const MODE_OF_GCLOUD = {
  ON: 'on',
  ONLY_SCALE_OUT: 'only-scale-out',
  ONLY_UP: 'only-up',
  OFF: 'off',
} as const satisfies Record<v.InferOutput<typeof mode>, string>;

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
  const compute = computeOf(place, environment);
  await compute.follow(await compute.setScaling(to));
}

function computeOf(place: Place, environment: Environment): Compute {
  return createCompute({
    ...place,
    client: clientOf(environment),
    clock: createRealClock(),
    pool: place.group,
  });
}

function partingOf(bucket: string, environment: Environment): PartingMemory {
  const store = createStorageStore({ client: clientOf(environment), bucket });
  return createPartingMemory(createBucketRegistry({ store }));
}

function clientOf(environment: Environment) {
  return createGcpClient({ token: operatorToken(environment), environment, timeoutMs: REQUEST_TIMEOUT_MS });
}
