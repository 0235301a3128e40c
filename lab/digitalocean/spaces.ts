import type { Answer, Caller } from '../aws/front/api.ts';
import { createS3 } from '../aws/front/s3.ts';
import { parseAuthorization, verifySignature } from '../aws/front/signature.ts';
import type { Objects } from '../aws/objects.ts';
import { ApiError, malformed } from '../cloud/api-error.ts';
import type { Refusal } from '../cloud/events.ts';
import { type Faults, GARBAGE, spoiled } from '../cloud/faults.ts';
import type { RawRequest } from '../raw-request.ts';
import type { OceanFaulty } from './faults.ts';
import type { SpacesKey } from './model.ts';

export interface SpacesOptions {
  objects: Objects;
  region: () => string;
  keys: () => readonly SpacesKey[];
  faults: Pick<Faults<OceanFaulty>, 'take'>;
  refuse(refusal: Refusal): void;
  /** ms since the epoch, as signatures are dated. */
  now(): number;
}

const READS = ['s3:GetObject', 's3:ListBucket'];

/** Spaces: S3's protocol, with keys of its own, each of which has rights over whole buckets. */
export function createSpaces(options: SpacesOptions): (request: RawRequest) => Answer | undefined {
  const { objects, region, keys, faults, refuse, now } = options;
  const s3 = createS3(objects);

  function callerOf(key: SpacesKey | undefined): Caller {
    return {
      principal: undefined,
      authorise(action, resource) {
        const [bucket = ''] = resource.split('/');
        if (key !== undefined && mayDo(key, action, bucket)) return;
        const principal = key?.name ?? 'anonymous';
        refuse({ principal, action, resource, why: 'no grant of its key allows that' });
        throw new ApiError(403, 'AccessDenied', `${principal} may not ${action} on ${resource}`);
      },
    };
  }

  return (request) => {
    const header = parseAuthorization(request.headers.authorization);
    const key = header && keys().find(({ accessKey }) => accessKey === header.accessKeyId);
    let action = '?';
    try {
      const read = s3.read(request);
      action = read.action;
      const fault = faults.take({ service: 'spaces', action });
      if (fault !== undefined)
        return spoiled(fault, s3.renderError(s3.throttled), { status: 200, headers: {}, body: GARBAGE });
      if (header !== undefined) {
        if (header.region !== region()) throw malformed('InvalidRegion', `signed for ${header.region}`);
        const known = key && { secretAccessKey: key.secretKey };
        const verdict = verifySignature(request, header, known, now());
        if (!verdict.valid) throw new ApiError(403, verdict.code, verdict.message, { malformed: true });
      }
      const run = s3.operations[action];
      if (run === undefined)
        throw new ApiError(501, 'NotImplemented', `the twin does not know ${action}`, { malformed: true });
      return run(read.input, callerOf(key));
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      if (cause.malformed) {
        const principal = key?.name ?? 'anonymous';
        refuse({
          principal,
          action: `s3:${action}`,
          resource: request.target,
          why: `${cause.code}: ${cause.message}`,
        });
      }
      return s3.renderError(cause);
    }
  };
}

function mayDo({ grants }: SpacesKey, action: string, bucket: string): boolean {
  return grants.some(
    (grant) =>
      (grant.bucket === '' || grant.bucket === bucket) &&
      (grant.permission !== 'read' || READS.includes(action)),
  );
}
