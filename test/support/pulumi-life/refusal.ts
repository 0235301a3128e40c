import assert from 'node:assert/strict';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { type PulumiRig, YES } from '../pulumi-rig.ts';
import type { LifeRow } from './row.ts';
import { processesOf, sizes } from './standing.ts';
import { wordsIn } from './words.ts';

const FIRST = 'the pool media is not destroyed: ';
const LAST = 'pulumi config set ebbtide:onDestroy cut && pulumi destroy --run-program';

export const ONE_BUSY = 'calls are on 1 of its N nodes';
export const ONE_SILENT = 'of 1 it is not known what is on them, so calls may be';
export const SERVING = 'NODE (PLACE): serving, 1 rooms, 2 people';
export const DRAINING = 'NODE (PLACE): draining, 1 rooms, 2 people, for TIME';
export const SILENT = 'NODE (PLACE): no status in the registry';

/** The same on every cloud, but for how its nodes are drained first. */
export function refusal(why: string, ...nodes: string[]): string[] {
  return [
    `${FIRST}${why}.`,
    ...[...nodes].sort(),
    'Nothing has been destroyed.',
    ...(why.includes(ONE_BUSY) ? ['To drain first:'] : []),
    ...(why.includes(ONE_SILENT) ? [LOOK] : []),
    'To insist, and cut the calls that are on:',
    LAST,
  ];
}

const LOOK =
  'A node that does not speak: look at it (`ebbtide-agent explain` on it), or end its machine yourself once you know that nobody is on it.';

/** A destroy says these very words, and all of the pool stands as it stood. Answers all that it says. */
export async function assertRefuses<Twin extends TwinCloud>(
  rig: PulumiRig<Twin>,
  row: LifeRow<Twin>,
  words: readonly string[],
): Promise<string> {
  const stands = () => [rig.cloud.account.resources(), processesOf(rig), sizes(rig)];
  const before = stands();
  const { code, output } = await rig.pulumi('destroy', ...YES);
  assert.notEqual(code, 0);
  const [why, ...told] = wordsIn(output, FIRST, LAST);
  const isNode = (line: string) => line.startsWith('NODE');
  // In which order a cloud lists its machines is its own.
  const sorted = [why, ...told.filter(isNode).sort(), ...told.filter((line) => !isNode(line))];
  assert.deepEqual(sorted, words);
  if (words.includes('To drain first:')) assert.match(output, row.refusal.drainFirst);
  assert.deepEqual(stands(), before);
  return output;
}
