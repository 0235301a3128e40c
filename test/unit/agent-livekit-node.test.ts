import * as assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseLivekitNode } from '../../node-agent/media/livekit-node.ts';

/** Protobuf by hand: field numbers and wire types as livekit.Node has them. */
function varint(field: number, value: number): number[] {
  const bytes = [field << 3];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function message(field: number, content: number[]): number[] {
  return [(field << 3) | 2, content.length, ...content];
}

describe("LiveKit's own word on a node", () => {
  const updatedAt = 1_795_259_789;
  // Besides what is wanted: started_at, and cpu_load (field 21, a 32-bit float, whose tag takes two bytes).
  const stats = message(4, [...varint(1, 1), ...varint(2, updatedAt), 0xad, 0x01, 0, 0, 0, 0]);
  const id = message(1, [...Buffer.from('ND_abc')]);
  const cases = [
    { given: 'state 1', bytes: [...id, ...stats, ...varint(6, 1)], then: { state: 'serving', updatedAt } },
    {
      given: 'state 2',
      bytes: [...id, ...stats, ...varint(6, 2)],
      then: { state: 'shutting-down', updatedAt },
    },
    {
      given: 'no state, which is the default',
      bytes: [...id, ...stats],
      then: { state: 'starting-up', updatedAt },
    },
    {
      given: 'a state of the future',
      bytes: [...stats, ...varint(6, 9)],
      then: { state: 'unknown', updatedAt },
    },
  ];
  for (const { given, bytes, then } of cases) {
    it(given, () => assert.deepEqual(parseLivekitNode(Buffer.from(bytes)), then));
  }

  for (const bytes of [[], [...id], [0xff], [...message(4, [0x12, 0x7f])]]) {
    it(`${JSON.stringify(bytes)} is not a node, and says so`, () => {
      assert.throws(() => parseLivekitNode(Buffer.from(bytes)), /node|message|number/);
    });
  }
});
