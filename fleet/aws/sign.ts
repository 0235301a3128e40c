import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from './credentials.ts';

export interface RequestToSign {
  service: string;
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string;
}

/** Gives the headers with which a request is sent: those of the request and those that sign it. */
export type SignRequest = (
  request: RequestToSign,
  credentials: AwsCredentials,
  now: number,
) => Record<string, string>;

/**
 * AWS Signature Version 4. Our own and on node:crypto, because a termination policy signs a thousand reads while the
 * group waits (WebCrypto takes ten times as long), and because Node 18 has no global `crypto`. The key of a day is
 * derived once for each service.
 */
export function createSigner(region: string): SignRequest {
  const keys = new Map<string, { for: string; key: Buffer }>();

  function signingKey(service: string, day: string, secret: string): Buffer {
    const purpose = `${day}/${secret}`;
    const known = keys.get(service);
    if (known?.for === purpose) return known.key;
    const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
      hmac,
      `AWS4${secret}`,
    ) as Buffer;
    keys.set(service, { for: purpose, key });
    return key;
  }

  return ({ service, method, url, headers, body }, credentials, now) => {
    const time = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '');
    const day = time.slice(0, 8);
    const bodyHash = sha256(body);
    const signed: Record<string, string> = {
      host: url.host,
      'x-amz-content-sha256': bodyHash,
      'x-amz-date': time,
      ...(credentials.sessionToken ? { 'x-amz-security-token': credentials.sessionToken } : {}),
    };
    for (const [name, value] of Object.entries(headers)) {
      if (name.startsWith('x-amz-')) signed[name] = value;
    }
    const names = Object.keys(signed).sort();
    const canonical = [
      method,
      canonicalPath(url, service),
      canonicalQuery(url),
      ...names.map((name) => `${name}:${signed[name]}`),
      '',
      names.join(';'),
      bodyHash,
    ].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
    const signature = hmac(signingKey(service, day, credentials.secretAccessKey), toSign).toString('hex');
    const { host: _, ...sent } = signed;
    return {
      ...headers,
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    };
  };
}

/** Percent-encoding as AWS wants it in what is signed, and best in what is sent: all but letters, digits and `-._~`. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** S3 signs the path encoded once, every other service encodes once more what is sent. */
function canonicalPath(url: URL, service: string): string {
  const encoded = url.pathname.split('/').map((part) => encodeStrictly(decodeURIComponent(part)));
  return (service === 's3' ? encoded : encoded.map(encodeStrictly)).join('/');
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? compareText(x, y) : compareText(a, b)))
    .map((pair) => pair.join('='))
    .join('&');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
