import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Faults, GARBAGE, spoiled } from '../cloud/faults.ts';
import { type Listener, listen } from '../cloud/listener.ts';
import type { AwsFaulty } from './aws-twin.ts';

/** What an instance is told of itself. Each is asked anew for every request. */
export interface MetadataSource {
  instanceId: string;
  zone: string;
  region: string;
  privateIp: string;
  instanceType: string;
  tokensRequired: boolean;
  /** Undefined where the launch template does not show tags. */
  tags(): ReadonlyMap<string, string> | undefined;
  targetState(): string;
  /** Real time, ms since the epoch. */
  spotDeadline(): number | undefined;
  rebalanceNoticedAt(): number | undefined;
  /** The role of the instance profile, and keys of it; undefined for none. */
  role: string | undefined;
  credentials(): RoleKeys | undefined;
}

export interface RoleKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  issuedAt: number;
  expiresAt: number;
}

const LONGEST_TOKEN_S = 21_600;
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

/** A question as it came over the wire. */
export interface MetadataRequest {
  method: string;
  /** Path and query, undecoded. */
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MetadataReply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

/** What the metadata service of one instance answers (version 2); undefined: nothing at all. */
export type MetadataService = (request: MetadataRequest) => MetadataReply | undefined;

const NOT_FOUND: MetadataReply = { status: 404, body: '<html><body>404 - Not Found</body></html>' };

/** The metadata server of one instance, on a port of its own. */
export async function createImds(source: MetadataSource, faults: Faults<AwsFaulty>): Promise<Listener> {
  const answer = createMetadataService(source, faults, Date.now);
  return listen(({ method = 'GET', url = '/', headers }, response) => {
    const reply = answer({ method, target: url, headers });
    if (reply !== undefined) send(response, reply);
  });
}

/** `now`: ms since the epoch, as tokens end. */
export function createMetadataService(
  source: MetadataSource,
  faults: Faults<AwsFaulty>,
  now: () => number,
): MetadataService {
  const tokens = new Map<string, number>();

  function replyTo({ method, headers }: MetadataRequest, path: string): MetadataReply {
    // A proxy in between would be somebody else's way in.
    if (headers['x-forwarded-for'] !== undefined) return { status: 403, body: '' };
    if (path === '/latest/api/token') return giveToken(method, headers);
    if (method !== 'GET') return { status: 405, body: '' };
    if (!isAllowed(headers[TOKEN_HEADER])) return { status: 401, body: '' };
    const [, name] = /^\/latest\/meta-data\/(.*)$/.exec(path) ?? [];
    const body = name === undefined ? undefined : read(name, source);
    return body === undefined ? NOT_FOUND : { status: 200, body };
  }

  function giveToken(method: string, headers: MetadataRequest['headers']): MetadataReply {
    const seconds = Number(headers[TTL_HEADER]);
    if (method !== 'PUT') return { status: 405, body: '' };
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_TOKEN_S)
      return { status: 400, body: '' };
    const token = randomBytes(40).toString('base64');
    tokens.set(token, now() + seconds * 1000);
    return { status: 200, body: token, headers: { [TTL_HEADER]: String(seconds) } };
  }

  function isAllowed(token: string | string[] | undefined): boolean {
    if (token === undefined) return !source.tokensRequired;
    return typeof token === 'string' && (tokens.get(token) ?? 0) > now();
  }

  return (request) => {
    const path = request.target.replace(/\/+$/, '');
    const fault = faults.take({
      service: 'imds',
      action: path.replace(/^\/latest\/(meta-data\/)?/, ''),
      instance: source.instanceId,
    });
    if (fault === undefined) return replyTo(request, path);
    return spoiled(fault, { status: 503, body: 'Service Unavailable' }, { status: 200, body: GARBAGE });
  };
}

/** The text of one path below meta-data; undefined where there is none (404). */
function read(path: string, source: MetadataSource): string | undefined {
  switch (path) {
    case 'instance-id':
      return source.instanceId;
    case 'instance-type':
      return source.instanceType;
    case 'local-ipv4':
      return source.privateIp;
    case 'placement/availability-zone':
      return source.zone;
    case 'placement/region':
      return source.region;
    case 'autoscaling/target-lifecycle-state':
      return source.targetState();
    case 'spot/instance-action': {
      const deadline = source.spotDeadline();
      return deadline === undefined
        ? undefined
        : JSON.stringify({ action: 'terminate', time: wholeSeconds(deadline) });
    }
    case 'events/recommendations/rebalance': {
      const noticedAt = source.rebalanceNoticedAt();
      return noticedAt === undefined ? undefined : JSON.stringify({ noticeTime: wholeSeconds(noticedAt) });
    }
    case 'iam/security-credentials':
      return source.role;
    case 'tags/instance': {
      const tags = source.tags();
      return tags && [...tags.keys()].join('\n');
    }
  }
  if (path.startsWith('tags/instance/')) {
    return source.tags()?.get(decodeURIComponent(path.slice('tags/instance/'.length)));
  }
  if (source.role !== undefined && path === `iam/security-credentials/${source.role}`) {
    return describeKeys(source.credentials());
  }
  return undefined;
}

/** On several lines, as EC2 writes it: scripts read it by lines. */
function describeKeys(keys: RoleKeys | undefined): string | undefined {
  if (keys === undefined) return undefined;
  const told = {
    Code: 'Success',
    LastUpdated: wholeSeconds(keys.issuedAt),
    Type: 'AWS-HMAC',
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    Token: keys.sessionToken,
    Expiration: wholeSeconds(keys.expiresAt),
  };
  return JSON.stringify(told, undefined, 2);
}

function wholeSeconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function send(response: ServerResponse, { status, body, headers = {} }: MetadataReply): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain' });
  response.end(body);
}
