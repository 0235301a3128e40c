import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { RawRequest } from '../../raw-request.ts';

export interface SignatureHeader {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

/** The parts of a Signature Version 4 `Authorization` header; undefined where it is not one. */
export function parseAuthorization(header: string | undefined): SignatureHeader | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header ?? '',
    );
  if (!match) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', signature = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: signed.split(';'), signature };
}

export type SignatureVerdict = { valid: true } | { valid: false; code: string; message: string };

/** A key as whoever gave it out knows it. */
export interface KnownKey {
  secretAccessKey: string;
  /** Undefined: one that lasts. */
  sessionToken?: string;
  expiresAt?: number;
}

const GREATEST_SKEW_MS = 15 * 60_000;

/** Verifies keys, time and signature as AWS does. `now` is real time. */
export function verifySignature(
  request: RawRequest,
  header: SignatureHeader,
  credentials: KnownKey | undefined,
  now: number,
): SignatureVerdict {
  if (!credentials) return invalid('InvalidAccessKeyId', 'the access key id does not exist in our records');
  if (request.headers['x-amz-security-token'] !== credentials.sessionToken) {
    return invalid('InvalidToken', 'the security token included in the request is invalid');
  }
  if (now >= (credentials.expiresAt ?? Number.POSITIVE_INFINITY))
    return invalid('ExpiredToken', 'the provided token has expired');
  const stamp = request.headers['x-amz-date'] ?? '';
  const signedAt = parseStamp(stamp);
  if (Number.isNaN(signedAt) || Math.abs(now - signedAt) > GREATEST_SKEW_MS) {
    return invalid(
      'RequestTimeTooSkewed',
      `the request was signed at ${stamp}, and it is ${new Date(now).toISOString()}`,
    );
  }
  const hash = payloadHash(request, header.service);
  if (hash === undefined)
    return invalid('XAmzContentSHA256Mismatch', 'the body is not the one that was signed');
  const session = credentials.sessionToken === undefined ? [] : ['x-amz-security-token'];
  for (const needed of ['host', 'x-amz-date', ...session]) {
    if (!header.signedHeaders.includes(needed))
      return invalid('SignatureDoesNotMatch', `${needed} is not signed`);
  }
  const canonical = canonicalRequest(request, header, hash);
  const scope = `${header.date}/${header.region}/${header.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n');
  const expected = hmac(signingKey(credentials.secretAccessKey, header), toSign);
  if (!timingSafeEqual(expected, Buffer.from(header.signature, 'hex'))) {
    return invalid('SignatureDoesNotMatch', `the signature is not that of\n${canonical}`);
  }
  return { valid: true };
}

function canonicalRequest(
  { method, target, headers }: RawRequest,
  header: SignatureHeader,
  hash: string,
): string {
  const [path = '/', query = ''] = target.split('?', 2);
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return [
    method,
    path
      .split('/')
      .map((segment) => encode(decodeURIComponent(segment)))
      .join('/'),
    pairs.sort().join('&'),
    ...header.signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    header.signedHeaders.join(';'),
    hash,
  ].join('\n');
}

/** Undefined where the body is not the one that was declared. */
function payloadHash({ headers, body }: RawRequest, service: string): string | undefined {
  const actual = sha256(body);
  const declared = headers['x-amz-content-sha256'];
  if (declared === 'UNSIGNED-PAYLOAD' && service === 's3') return declared;
  return declared === undefined || declared === actual ? actual : undefined;
}

function signingKey(secret: string, { date, region, service }: SignatureHeader): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secret}`),
  );
}

function parseStamp(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function invalid(code: string, message: string): SignatureVerdict {
  return { valid: false, code, message };
}
