import { ApiError, malformed } from '../../cloud/api-error.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { Lease, StoredBlob } from '../blobs.ts';
import type { BlobRequest } from './blob-request.ts';

const FOR_EVER = '-1';

/** Lease Blob: acquire, renew, release, break. A lease with a duration ends by itself. */
export function lease(blob: StoredBlob, { headers }: BlobRequest, now: number): HttpReply {
  const id = headers['x-ms-lease-id'];
  const held = blob.lease;
  switch (headers['x-ms-lease-action']) {
    case 'acquire': {
      const proposed = headers['x-ms-proposed-lease-id'];
      if (proposed === undefined || !/^[0-9a-f-]{36}$/i.test(proposed)) {
        throw malformed('InvalidHeaderValue', 'x-ms-proposed-lease-id must be a GUID');
      }
      const durationMs = durationOf(headers['x-ms-lease-duration']);
      if (isHeld(held, now) && held?.id !== proposed) {
        throw new ApiError(409, 'LeaseAlreadyPresent', 'There is already a lease present.');
      }
      blob.lease = { id: proposed, durationMs, until: endOf(durationMs, now) };
      return answer(201, blob, { 'x-ms-lease-id': proposed });
    }
    case 'renew':
      mustHold(held, id);
      held.until = endOf(held.durationMs, now);
      return answer(200, blob, { 'x-ms-lease-id': held.id });
    case 'release':
      mustHold(held, id);
      delete blob.lease;
      return answer(200, blob);
    case 'break':
      if (held === undefined)
        throw new ApiError(409, 'LeaseNotPresentWithLeaseOperation', 'There is no lease.');
      delete blob.lease;
      return answer(202, blob, { 'x-ms-lease-time': '0' });
    default:
      throw malformed('InvalidHeaderValue', `x-ms-lease-action ${headers['x-ms-lease-action']}`);
  }
}

export function isHeld(held: Lease | undefined, now: number): boolean {
  return held !== undefined && held.until > now;
}

/** What is written to a blob must name its lease, and no other. */
export function checkLease({ lease: held }: StoredBlob, id: string | undefined, now: number): void {
  const active = isHeld(held, now);
  if (active && id === undefined)
    throw new ApiError(412, 'LeaseIdMissing', 'There is a lease, and no id of it.');
  if (id === undefined) return;
  if (held === undefined) {
    throw new ApiError(412, 'LeaseNotPresentWithBlobOperation', 'There is no lease on the blob.');
  }
  if (held.id !== id)
    throw new ApiError(412, 'LeaseIdMismatchWithBlobOperation', 'It is the id of another lease.');
  if (!active) throw new ApiError(412, 'LeaseLost', 'The lease has run out.');
}

function mustHold(held: Lease | undefined, id: string | undefined): asserts held is Lease {
  if (id === undefined) throw malformed('MissingRequiredHeader', 'x-ms-lease-id is missing');
  if (held === undefined) throw new ApiError(409, 'LeaseNotPresentWithLeaseOperation', 'There is no lease.');
  if (held.id !== id)
    throw new ApiError(409, 'LeaseIdMismatchWithLeaseOperation', 'It is the id of another lease.');
}

function durationOf(written: string | undefined): number | undefined {
  if (written === FOR_EVER) return undefined;
  const seconds = Number(written);
  if (Number.isInteger(seconds) && seconds >= 15 && seconds <= 60) return seconds * 1000;
  throw malformed('InvalidHeaderValue', `x-ms-lease-duration ${written}: 15 to 60 seconds, or -1`);
}

function endOf(durationMs: number | undefined, now: number): number {
  return durationMs === undefined ? Number.POSITIVE_INFINITY : now + durationMs;
}

function answer(
  status: number,
  { etag, modifiedAt }: StoredBlob,
  headers: Record<string, string> = {},
): HttpReply {
  return {
    status,
    headers: { etag, 'last-modified': new Date(modifiedAt).toUTCString(), ...headers },
    body: '',
  };
}
