import type { PulumiRig } from '../pulumi-rig.ts';

/** The pool's own bucket; `type` is what the cloud's provider calls one. */
export function bucketOf({ cloud }: Pick<PulumiRig, 'cloud'>, type: string): string {
  const found = cloud.account.resources().filter((resource) => resource.type === type);
  // Where a pool has several, one is for what nodes say.
  return (found.find(({ id }) => id.endsWith('-statuses')) ?? found[0])?.id ?? '';
}

/** What a node has told of itself, as it lies in the bucket. */
export function statusText(rig: Pick<PulumiRig, 'cloud'>, type: string, node: string): string | undefined {
  const { twin } = rig.cloud;
  const bucket = bucketOf(rig, type);
  const key = twin.keys(bucket).find((each) => each.startsWith('statuses/') && each.includes(node));
  return key === undefined ? undefined : twin.object(bucket, key);
}
