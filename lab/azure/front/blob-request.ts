import { malformed } from '../../cloud/api-error.ts';
import type { RawRequest } from '../../raw-request.ts';
import { SIGNATURE_PARTS } from './signatures.ts';

/** One of the blob service's operations, by the names of its documentation. */
export type BlobAction =
  | 'ListBlobs'
  | 'GetBlob'
  | 'GetBlobProperties'
  | 'PutBlob'
  | 'DeleteBlob'
  | 'LeaseBlob';

export interface BlobRequest {
  action: BlobAction;
  account: string;
  container: string;
  blob: string;
  query: URLSearchParams;
  headers: RawRequest['headers'];
  body: Buffer;
}

const QUERIES: Record<BlobAction, readonly string[]> = {
  ListBlobs: ['restype', 'comp', 'prefix', 'marker', 'maxresults', 'timeout'],
  GetBlob: ['timeout'],
  GetBlobProperties: ['timeout'],
  PutBlob: ['timeout'],
  DeleteBlob: ['timeout'],
  LeaseBlob: ['comp', 'timeout'],
};
const CONDITIONS = ['x-ms-lease-id'];
const EVERY = ['x-ms-version', 'x-ms-date', 'x-ms-client-request-id'];
const HEADERS: Record<BlobAction, readonly string[]> = {
  ListBlobs: EVERY,
  GetBlob: [...EVERY, ...CONDITIONS],
  GetBlobProperties: [...EVERY, ...CONDITIONS],
  PutBlob: [...EVERY, ...CONDITIONS, 'x-ms-blob-type', 'x-ms-blob-content-type'],
  DeleteBlob: [...EVERY, ...CONDITIONS],
  LeaseBlob: [
    ...EVERY,
    ...CONDITIONS,
    'x-ms-lease-action',
    'x-ms-lease-duration',
    'x-ms-proposed-lease-id',
    'x-ms-lease-break-period',
  ],
};
/** From then on the service takes tokens. */
const FIRST_WITH_TOKENS = '2017-11-09';

/** `/blob/ACCOUNT/CONTAINER/BLOB`. Throws for what the twin does not know, and for what is not as it must be. */
export function readBlobRequest({ method, target, headers, body }: RawRequest): BlobRequest {
  const url = new URL(target, 'http://twin');
  const [, , account = '', container = '', ...rest] = url.pathname.split('/');
  const blob = rest.map(decodeURIComponent).join('/');
  const action = actionOf(method, blob, url.searchParams);
  if (action === undefined)
    throw malformed('UnsupportedHttpVerb', `the twin does not have ${method} ${target}`);
  for (const name of url.searchParams.keys()) {
    if (!QUERIES[action].includes(name) && !SIGNATURE_PARTS.includes(name))
      throw malformed('InvalidQueryParameterValue', `${action} has no ${name}`);
  }
  for (const name of Object.keys(headers).filter((each) => each.startsWith('x-ms-'))) {
    if (!HEADERS[action].includes(name))
      throw malformed('UnsupportedHeader', `${action} has no header ${name}`);
  }
  return { action, account, container, blob, query: url.searchParams, headers, body };
}

/** Only who comes without a token may leave it out. */
export function checkVersion({ headers }: BlobRequest): void {
  const version = headers['x-ms-version'] ?? '';
  if (!/^\d{4}-\d\d-\d\d$/.test(version) || version < FIRST_WITH_TOKENS) {
    throw malformed('InvalidHeaderValue', `x-ms-version ${version} takes no token`);
  }
}

function actionOf(method: string, blob: string, query: URLSearchParams): BlobAction | undefined {
  const comp = query.get('comp');
  if (blob === '') {
    return method === 'GET' && comp === 'list' && query.get('restype') === 'container'
      ? 'ListBlobs'
      : undefined;
  }
  if (comp === 'lease') return method === 'PUT' ? 'LeaseBlob' : undefined;
  if (comp !== null) return undefined;
  switch (method) {
    case 'GET':
      return 'GetBlob';
    case 'HEAD':
      return 'GetBlobProperties';
    case 'PUT':
      return 'PutBlob';
    case 'DELETE':
      return 'DeleteBlob';
    default:
      return undefined;
  }
}
