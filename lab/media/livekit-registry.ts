import { readHash } from './redis.ts';

/** What LiveKit's registry in Redis says of one node. */
export interface RegisteredNode {
  readonly id: string;
  readonly serving: boolean;
  readonly updatedAt: number;
}

const SERVING = 1;

export async function readRegistry(redis: string): Promise<RegisteredNode[]> {
  return [...(await readHash(redis, 'nodes')).values()].map(decodeNode);
}

/** `livekit.Node`: id = 1, stats = 4, state = 6; `NodeStats`: updated_at = 2, in seconds. */
export function decodeNode(bytes: Buffer): RegisteredNode {
  const node = decodeFields(bytes);
  const stats = node.get(4);
  const updatedAt = Buffer.isBuffer(stats) ? decodeFields(stats).get(2) : undefined;
  return {
    id: String(node.get(1) ?? ''),
    serving: node.get(6) === SERVING,
    updatedAt: typeof updatedAt === 'number' ? updatedAt * 1000 : 0,
  };
}

/** The last value of each field of a protobuf message: numbers for varints, bytes for what has a length. */
function decodeFields(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a protobuf message of LiveKit ends too early');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        fields.set(field, varint());
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        fields.set(field, bytes.subarray(at, at + length));
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new Error(`a protobuf message of LiveKit has wire type ${key % 8}`);
    }
  }
  return fields;
}
