import { ApiError, malformed } from '../../cloud/api-error.ts';
import { GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Blobs, StoredBlob } from '../blobs.ts';
import type { Container } from '../model.ts';
import { AUDIENCES } from '../principals.ts';
import { type BlobRequest, checkVersion, readBlobRequest } from './blob-request.ts';
import { type Caller, callerOf, type FrontOptions, nameOfCaller } from './caller.ts';
import { checkLease, isHeld, lease } from './leases.ts';
import type { Signatures } from './signatures.ts';

export interface BlobOptions extends FrontOptions {
  blobs: Blobs;
  signatures: Signatures;
  /** Azure gives at most 5,000. */
  pageSize?: number | undefined;
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** Azure's blob service as far as the program uses it, with tokens; undefined: no answer at all. */
export function answerBlob(request: RawRequest, options: BlobOptions): HttpReply | undefined {
  const principal = nameOfCaller(request, options.principals);
  const remember = ({ code, message }: ApiError) =>
    options.refuse({
      principal: principal?.name ?? 'anonymous',
      action: `${request.method} (blob)`,
      resource: request.target,
      why: `${code}: ${message}`,
    });
  try {
    const read = readBlobRequest(request);
    const fault = options.faults.take({
      service: 'blob',
      action: read.action,
      instance: principal?.instance,
    });
    if (fault !== undefined) {
      const refused = renderError(
        new ApiError(503, fault === 'throttle' ? 'ServerBusy' : 'InternalError', fault),
      );
      return spoiled(fault, refused, { status: 200, headers: {}, body: GARBAGE });
    }
    return carryOut(read, request, options);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.malformed) remember(cause);
    return renderError(cause);
  }
}

function carryOut(read: BlobRequest, request: RawRequest, options: BlobOptions): HttpReply {
  const { blobs } = options;
  const container = blobs.container(read.account, read.container);
  const isOpen =
    container?.isPublic === true && (read.action === 'GetBlob' || read.action === 'GetBlobProperties');
  const caller =
    isOpen && read.headers.authorization === undefined ? undefined : identify(read, request, options);
  const known = options.model().accounts.find(({ name }) => name === read.account);
  if (known === undefined) throw malformed('AccountNotFound', `there is no storage account ${read.account}`);
  const scope = `${known.id}/blobServices/default/containers/${read.container}`;
  if (caller !== undefined) authorise(read, scope, blobs, caller);
  if (container === undefined)
    throw new ApiError(404, 'ContainerNotFound', 'The specified container does not exist.');
  return answerAction(read, container, options);
}

function identify(read: BlobRequest, request: RawRequest, options: BlobOptions): Caller {
  const sig = read.query.get('sig');
  if (sig !== null) return signedCaller(read, sig, options);
  checkVersion(read);
  return callerOf(
    request,
    AUDIENCES.storage,
    options,
    () => new ApiError(403, 'AuthorizationPermissionMismatch', 'This request is not authorized.'),
  );
}

/** A signature of the account's says what may be done; its roles are nobody's. */
function signedCaller(read: BlobRequest, sig: string, { signatures, now }: BlobOptions): Caller {
  const signed = signatures.find(sig);
  if (signed === undefined || signed.account !== read.account || signed.expiresAt <= now()) {
    throw new ApiError(403, 'AuthenticationFailed', 'The signature is over, or of another.');
  }
  const principal = { id: 'signature', clientId: '', name: 'whoever has the signature', isOperator: false };
  return {
    principal,
    authorise() {
      if (signed.permissions.includes(LETTERS[read.action])) return;
      throw new ApiError(
        403,
        'AuthorizationPermissionMismatch',
        `The signature allows ${signed.permissions}.`,
      );
    },
  };
}

const LETTERS: Record<BlobRequest['action'], string> = {
  ListBlobs: 'l',
  GetBlob: 'r',
  GetBlobProperties: 'r',
  PutBlob: 'w',
  DeleteBlob: 'd',
  LeaseBlob: 'w',
};

function authorise(
  { action, account, container, blob }: BlobRequest,
  scope: string,
  blobs: Blobs,
  caller: Caller,
) {
  switch (action) {
    case 'ListBlobs':
    case 'GetBlob':
    case 'GetBlobProperties':
      return caller.authorise(`${BLOBS}/read`, scope, 'data');
    case 'DeleteBlob':
      return caller.authorise(`${BLOBS}/delete`, scope, 'data');
    case 'LeaseBlob':
      return caller.authorise(`${BLOBS}/write`, scope, 'data');
    case 'PutBlob': {
      // A new blob may be written by who may only add.
      const isNew = blobs.get(account, container, blob) === undefined;
      const actions = isNew ? ([`${BLOBS}/write`, `${BLOBS}/add/action`] as const) : `${BLOBS}/write`;
      return caller.authorise(actions, scope, 'data');
    }
  }
}

function answerAction(read: BlobRequest, container: Container, options: BlobOptions): HttpReply {
  const { account, container: name, blob: key, headers } = read;
  const { blobs, now } = options;
  const found = blobs.get(account, name, key);
  if (read.action === 'ListBlobs') return list(read, options);
  if (read.action === 'PutBlob') return put(read, found, options);
  if (found === undefined) {
    throw new ApiError(404, 'BlobNotFound', `The specified blob does not exist in ${container.name}.`);
  }
  switch (read.action) {
    case 'GetBlob':
    case 'GetBlobProperties': {
      checkConditions(headers, found);
      if (headers['if-none-match'] === found.etag)
        return { status: 304, headers: headersOf(found), body: '' };
      return {
        status: 200,
        headers: { ...headersOf(found), 'content-type': found.contentType },
        body: found.body,
      };
    }
    case 'DeleteBlob':
      checkConditions(headers, found);
      checkLease(found, headers['x-ms-lease-id'], now());
      blobs.remove(account, name, key);
      return { status: 202, headers: {}, body: '' };
    case 'LeaseBlob':
      return lease(found, read, now());
  }
}

function put(
  { account, container, blob, headers, body }: BlobRequest,
  found: StoredBlob | undefined,
  options: BlobOptions,
): HttpReply {
  if (headers['x-ms-blob-type'] !== 'BlockBlob')
    throw malformed('InvalidHeaderValue', 'x-ms-blob-type must be BlockBlob');
  if (headers['if-none-match'] === '*' && found !== undefined) {
    throw new ApiError(409, 'BlobAlreadyExists', 'The specified blob already exists.');
  }
  checkConditions(headers, found);
  const id = headers['x-ms-lease-id'];
  if (found !== undefined) checkLease(found, id, options.now());
  else if (id !== undefined)
    throw new ApiError(412, 'LeaseNotPresentWithBlobOperation', 'There is no such blob.');
  const type = headers['x-ms-blob-content-type'] ?? headers['content-type'];
  const written = options.blobs.put(account, container, blob, body, type);
  return { status: 201, headers: headersOf(written), body: '' };
}

function checkConditions(headers: BlobRequest['headers'], found: StoredBlob | undefined): void {
  const wanted = headers['if-match'];
  if (wanted !== undefined && wanted !== '*' && wanted !== found?.etag) {
    throw new ApiError(412, 'ConditionNotMet', 'The condition specified in the headers is not met.');
  }
}

function list(
  { account, container, query }: BlobRequest,
  { blobs, pageSize = 5000, now }: BlobOptions,
): HttpReply {
  const prefix = query.get('prefix') ?? '';
  const marker = query.get('marker') ?? '';
  const after = marker === '' ? '' : Buffer.from(marker, 'base64').toString('utf8');
  const most = Math.min(pageSize, Number(query.get('maxresults') ?? pageSize));
  if (!Number.isInteger(most) || most < 1) throw malformed('OutOfRangeQueryParameterValue', 'maxresults');
  const found = blobs.list(account, container, prefix).filter(({ name }) => name > after);
  const page = found.slice(0, most);
  const next = found.length > page.length ? Buffer.from(page.at(-1)?.name ?? '').toString('base64') : '';
  const entries = page.map((blob) => entry(blob, now())).join('');
  const body =
    `\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="${escaped(container)}">` +
    `<Prefix>${escaped(prefix)}</Prefix><Blobs>${entries}</Blobs>` +
    `${next === '' ? '<NextMarker />' : `<NextMarker>${escaped(next)}</NextMarker>`}</EnumerationResults>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

/** A list writes an etag without its quotes. */
function entry(
  { name, body, createdAt, modifiedAt, etag, contentType, lease: held }: StoredBlob,
  now: number,
): string {
  const state = isHeld(held, now) ? 'leased' : held === undefined ? 'available' : 'expired';
  const properties = {
    'Creation-Time': new Date(createdAt).toUTCString(),
    'Last-Modified': new Date(modifiedAt).toUTCString(),
    Etag: etag.replaceAll('"', ''),
    'Content-Length': String(body.length),
    'Content-Type': contentType,
    BlobType: 'BlockBlob',
    LeaseStatus: state === 'leased' ? 'locked' : 'unlocked',
    LeaseState: state,
  };
  const members = Object.entries(properties).map(([key, value]) => `<${key}>${escaped(value)}</${key}>`);
  return `<Blob><Name>${escaped(name)}</Name><Properties>${members.join('')}</Properties></Blob>`;
}

function headersOf({ etag, modifiedAt }: StoredBlob): Record<string, string> {
  return { etag, 'last-modified': new Date(modifiedAt).toUTCString(), 'x-ms-blob-type': 'BlockBlob' };
}

function renderError({ status, code, message }: ApiError): HttpReply {
  return {
    status,
    headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' },
    body: `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error>`,
  };
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
