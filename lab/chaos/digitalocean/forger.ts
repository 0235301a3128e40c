import type { Clock } from '../../../fleet/clock.ts';
import { NO_WORK } from '../../../fleet/status.ts';
import { createStatusSigner, deriveStatusKey, SIGNATURE_METADATA } from '../../../fleet/status-signature.ts';
import type { Objects, StoredObject } from '../../aws/objects.ts';
import { readLeaving } from '../decision-book.ts';
import type { Member, Members } from './machines.ts';
import { BUCKETS, POOL_SECRET } from './model.ts';
import type { Forgery } from './step.ts';

/** Somebody on a node, who has the key to the bucket of statuses that all nodes have. */
export interface Forger {
  /** What is written now is not its own node's word. */
  isAtWork(): boolean;
  /** A node has written its own status there. */
  overhear(key: string): void;
  /** Writes in the name of this node; nothing where there is nothing that it could write. */
  forge(member: Member, how: Forgery): void;
}

export interface ForgerOptions {
  objects: Objects;
  members: Members;
  clock: Clock;
}

/** What is replayed sooner is as good as the node's own word. */
const OLD_MS = 15_000;

export function createForger({ objects, members, clock }: ForgerOptions): Forger {
  let isAtWork = false;
  /** The latest word of each that it is empty, by its key. */
  const empty = new Map<string, { object: StoredObject; at: number }>();

  const keyOf = ({ droplet }: Member) => `statuses/${droplet.name}.json`;
  const last = (member: Member) => objects.get(BUCKETS.statuses, keyOf(member));

  /** What it last said, but for that it is empty, and for what was decided of it. */
  function asIfEmpty(member: Member, changes: Record<string, unknown> = {}): string | undefined {
    const said = last(member);
    if (said === undefined) return undefined;
    const mailbox = objects.get(BUCKETS.code, `decisions/${member.droplet.name}.json`);
    const decision = readLeaving(mailbox?.body.toString() ?? '');
    const now = new Date(clock.now()).toISOString();
    return JSON.stringify({
      ...JSON.parse(said.body.toString()),
      phase: 'empty',
      since: now,
      at: now,
      work: NO_WORK,
      ...(decision === undefined ? {} : { decision }),
      ...changes,
    });
  }

  function put(key: string, body: string | undefined, signature: string | undefined): void {
    if (body === undefined) return;
    const metadata = signature === undefined ? {} : { [SIGNATURE_METADATA]: signature };
    objects.put(BUCKETS.statuses, key, Buffer.from(body), undefined, metadata);
  }

  function signedBy(name: string, key: string, body: string | undefined): string | undefined {
    return body === undefined ? undefined : createStatusSigner(deriveStatusKey(POOL_SECRET, name))(key, body);
  }

  function write(member: Member, how: Forgery): void {
    const key = keyOf(member);
    const { name } = member.droplet;
    switch (how) {
      case 'unsigned':
        put(key, asIfEmpty(member), undefined);
        return;
      case 'wrongly-signed': {
        const body = asIfEmpty(member);
        put(key, body, signedBy('another', key, body));
        return;
      }
      case 'of-another': {
        const other = members.all().find((each) => each !== member && last(each) !== undefined);
        const said = other && last(other);
        put(key, said?.body.toString(), said?.metadata[SIGNATURE_METADATA]);
        return;
      }
      case 'of-earlier': {
        const body = asIfEmpty(member, { machine: '1' });
        put(key, body, signedBy(name, key, body));
        return;
      }
      case 'replayed': {
        const heard = empty.get(key);
        if (heard === undefined || clock.now() - heard.at < OLD_MS) return;
        put(key, heard.object.body.toString(), heard.object.metadata[SIGNATURE_METADATA]);
        return;
      }
    }
  }

  return {
    isAtWork: () => isAtWork,
    overhear(key) {
      const object = objects.get(BUCKETS.statuses, key);
      if (object !== undefined && JSON.parse(object.body.toString()).phase === 'empty')
        empty.set(key, { object, at: clock.now() });
    },
    forge(member, how) {
      isAtWork = true;
      write(member, how);
      isAtWork = false;
    },
  };
}
