import * as v from 'valibot';
import { type NodeStatus, statusSchema } from '../../../fleet/status.ts';
import type { Instance } from '../../gcp/compute/instance.ts';
import type { Objects } from '../../gcp/objects.ts';
import { BUCKET } from './model.ts';

const readStatus = v.safeParser(v.pipe(v.string(), v.parseJson(), statusSchema));

/** What this very machine says of itself in the store, and when it was written; undefined: nothing. */
export function ownStatus(
  objects: Objects,
  { name, id }: Instance,
): { status: NodeStatus; updated: number } | undefined {
  const object = objects.get(BUCKET, `statuses/${name}.json`);
  const status = object && readStatus(object.body.toString());
  if (!object || !status?.success || status.output.machine !== id) return undefined;
  return { status: status.output, updated: object.updated };
}

export function saysEmpty(objects: Objects, instance: Instance): boolean {
  const phase = ownStatus(objects, instance)?.status.phase;
  return phase === 'empty' || phase === 'leaving';
}
