import { request } from 'node:http';
import * as v from 'valibot';
import { describeError } from '../../fleet/error.ts';
import { type Candidate, chooseNode } from './choose-node.ts';
import type { MediaDriver, MediaNode, Participant } from './driver.ts';
import { NODE_PATH, ROOMS_PATH, twinNodeSchema } from './twin-livekit/wire.ts';
import { join } from './twin-participant.ts';

const TIMEOUT_MS = 10_000;

/** People on twin LiveKit servers. Where LiveKit would ask its registry in Redis, this asks each node. */
export class TwinDriver implements MediaDriver {
  readonly kind = 'twin';
  readonly #open = new Set<Participant>();

  async openRoom(nodes: readonly MediaNode[], room: string): Promise<MediaNode> {
    const node = await chooseNode(room, () => Promise.all(nodes.map(candidate)));
    await call(node, 'POST', `${ROOMS_PATH}?room=${encodeURIComponent(room)}`);
    return node;
  }

  async join(node: MediaNode, room: string, identity: string): Promise<Participant> {
    const participant = await join(node, room, identity);
    this.#open.add(participant);
    void participant.ended.then(() => this.#open.delete(participant));
    return participant;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((participant) => participant.hangUp()));
  }
}

/** A node that does not answer has no say in where a room goes: LiveKit too forgets a node that is silent. */
async function candidate(node: MediaNode): Promise<Candidate<MediaNode>> {
  try {
    const answer = await call(node, 'GET', NODE_PATH);
    const { state, rooms, people } = v.parse(twinNodeSchema, JSON.parse(answer));
    if (state === 'SERVING') return { kind: 'takes', place: node, rooms, people };
    return { kind: 'does-not-take', node, why: `is ${state}` };
  } catch (cause) {
    return { kind: 'does-not-take', node, why: `gave no answer: ${describeError(cause)}` };
  }
}

function call(node: MediaNode, method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: node.host, port: node.signalPort, method, path, timeout: TIMEOUT_MS, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${node.id} did not answer in ${TIMEOUT_MS} ms`)));
    sent.on('error', reject);
    sent.end();
  });
}
