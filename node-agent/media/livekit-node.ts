/** What LiveKit keeps of a node in Redis (hash `nodes`), as far as we look: livekit.Node, a protobuf message. */
export interface LivekitNode {
  state: 'starting-up' | 'serving' | 'shutting-down' | 'unknown';
  /** When the node last wrote itself, in seconds since the epoch, by its own clock. */
  updatedAt: number;
}

const STATES = { 0: 'starting-up', 1: 'serving', 2: 'shutting-down' } as const;
const STATS = 4;
const STATE = 6;
const STATS_UPDATED_AT = 2;

/** Throws when the bytes are not such a message. A field that is absent has its default, 0, as protobuf 3 says. */
export function parseLivekitNode(bytes: Buffer): LivekitNode {
  const node = readFields(bytes);
  const stats = node.get(STATS);
  if (!(stats instanceof Buffer)) throw new Error('the node has no statistics');
  const updatedAt = readFields(stats).get(STATS_UPDATED_AT);
  if (typeof updatedAt !== 'bigint') throw new Error('the node does not tell when it was updated');
  const state = Number(node.get(STATE) ?? 0n);
  return {
    state: state === 0 || state === 1 || state === 2 ? STATES[state] : 'unknown',
    updatedAt: Number(updatedAt),
  };
}

/** Field number → its last value: a number, or the bytes of a string or message. */
function readFields(bytes: Buffer): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;

  function readNumber(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) break;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number in the message does not end');
  }
  function readBytes(length: number): Buffer {
    if (at + length > bytes.length) throw new Error('the message ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  }

  while (at < bytes.length) {
    const tag = Number(readNumber());
    const field = tag >> 3;
    switch (tag & 7) {
      case 0:
        fields.set(field, readNumber());
        break;
      case 1:
        readBytes(8);
        break;
      case 2:
        fields.set(field, readBytes(Number(readNumber())));
        break;
      case 5:
        readBytes(4);
        break;
      default:
        throw new Error(`field ${field} is of a kind that protobuf does not have`);
    }
  }
  return fields;
}
