import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { livekitRedisSchema } from '../../fleet/agent-config.ts';
import { describeError } from '../../fleet/error.ts';
import type { DrainReading } from '../core/state.ts';
import { parseLivekitNode } from './livekit-node.ts';

export interface LivekitRegistryOptions {
  /** LiveKit's own `redis` block as JSON; read at each question, as it holds a secret. */
  redisFile: string;
  timeoutMs: number;
  now: () => number;
}

/** Asks LiveKit's own registry about one node. A connection for each question: it is asked seldom, in doubt only. */
export async function readDrainState(
  nodeId: string,
  { redisFile, timeoutMs, now }: LivekitRegistryOptions,
): Promise<DrainReading> {
  const settings = await readSettings(redisFile);
  if ('reason' in settings) return { kind: 'unknown', reason: settings.reason };
  const { redis } = settings;
  // Loaded only when there is a doubt: most agents never need it, and it is the largest thing in the bundle.
  const { Redis } = await import('ioredis');
  const [host = '', port] = splitAddress(redis.address);
  const client = new Redis({
    host,
    port,
    ...(redis.username === undefined ? {} : { username: redis.username }),
    ...(redis.password === undefined ? {} : { password: redis.password }),
    ...(redis.db === undefined ? {} : { db: redis.db }),
    ...(redis.use_tls === true ? { tls: {} } : {}),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let problem: unknown;
  client.on('error', (cause) => {
    problem = cause;
  });
  try {
    await client.connect();
    const bytes = await client.hgetBuffer('nodes', nodeId);
    if (bytes === null) return { kind: 'unknown', reason: `LiveKit's registry has no node ${nodeId}` };
    const node = parseLivekitNode(bytes);
    if (node.state === 'shutting-down') return { kind: 'shutting-down' };
    if (node.state === 'serving') return { kind: 'serving', ageMs: now() - node.updatedAt * 1000 };
    return { kind: 'unknown', reason: `LiveKit's registry says that ${nodeId} is ${node.state}` };
  } catch (cause) {
    return {
      kind: 'unknown',
      reason: `LiveKit's registry at ${redis.address}: ${describeError(problem ?? cause)}`,
    };
  } finally {
    client.disconnect();
  }
}

async function readSettings(
  path: string,
): Promise<{ redis: v.InferOutput<typeof livekitRedisSchema> } | { reason: string }> {
  try {
    return {
      redis: v.parse(v.pipe(v.string(), v.parseJson(), livekitRedisSchema), await readFile(path, 'utf8')),
    };
  } catch (cause) {
    return { reason: `${path} does not tell where LiveKit's registry is: ${describeError(cause)}` };
  }
}

function splitAddress(address: string): [string, number] {
  const colon = address.lastIndexOf(':');
  return colon === -1 ? [address, 6379] : [address.slice(0, colon), Number(address.slice(colon + 1))];
}
