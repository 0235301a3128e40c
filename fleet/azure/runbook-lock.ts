import { type AzureClient, AzureError } from './client.ts';

/** The blob whose lease a run of the runbook has: see functions/azure/scale-in/lock.py. */
const LOCK = '/memory/scale-in.json';
/** Always the same: whoever holds it holds it, and may let go of it. */
const HELD = 'ebbef1de-0000-4000-8000-000000000001';

/** The runbook's own lock, for people: while it is held, nobody is chosen and nobody is deleted by it. */
export interface RunbookLock {
  /** For good, and safe to repeat. Rejects while a run is at work. */
  hold(signal?: AbortSignal): Promise<void>;
  isHeld(signal?: AbortSignal): Promise<boolean>;
  /** Does nothing where it is not held. */
  release(signal?: AbortSignal): Promise<void>;
}

/** `blobs`: of the pool's store, with a right to write. */
export function createRunbookLock(blobs: AzureClient): RunbookLock {
  async function lease(action: string, headers: Record<string, string>, signal?: AbortSignal): Promise<void> {
    await blobs.send({
      method: 'PUT',
      path: LOCK,
      query: { comp: 'lease' },
      headers: { 'x-ms-lease-action': action, ...headers },
      signal,
    });
  }

  async function begin(signal?: AbortSignal): Promise<void> {
    try {
      await blobs.send({
        method: 'PUT',
        path: LOCK,
        headers: {
          'x-ms-blob-type': 'BlockBlob',
          'content-type': 'application/json',
          'if-none-match': '*',
        },
        body: JSON.stringify({ v: 1 }),
        signal,
      });
    } catch (cause) {
      if (!isOneOf(cause, THERE)) throw cause;
    }
  }

  /** False where the lease is somebody else's, or nobody's. */
  async function ofOurs(action: 'renew' | 'release', signal?: AbortSignal): Promise<boolean> {
    try {
      await lease(action, { 'x-ms-lease-id': HELD }, signal);
      return true;
    } catch (cause) {
      if (isOneOf(cause, NOT_OURS)) return false;
      throw cause;
    }
  }

  return {
    async hold(signal) {
      // Where the runbook has never run, there is none.
      await begin(signal);
      await lease('acquire', { 'x-ms-lease-duration': '-1', 'x-ms-proposed-lease-id': HELD }, signal);
    },
    isHeld: (signal) => ofOurs('renew', signal),
    async release(signal) {
      await ofOurs('release', signal);
    },
  };
}

const THERE = ['BlobAlreadyExists', 'ConditionNotMet', 'LeaseIdMissing'];
const NOT_OURS = ['BlobNotFound', 'LeaseNotPresentWithLeaseOperation', 'LeaseIdMismatchWithLeaseOperation'];

function isOneOf(cause: unknown, reasons: readonly string[]): boolean {
  return cause instanceof AzureError && reasons.includes(cause.reason);
}
