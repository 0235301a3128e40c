import { request } from 'node:http';
import * as v from 'valibot';
import type { MediaDriver, MediaNode, Participant } from './driver.ts';
import { NODE_PATH, ROOMS_PATH, type TwinNode, twinNodeSchema } from './twin-livekit/wire.ts';
import { join } from './twin-participant.ts';

const TIMEOUT_MS = 2_000;

/** People on twin LiveKit servers. Where LiveKit would ask its registry in Redis, this asks each node. */
export class TwinDriver implements MediaDriver {
  readonly kind = 'twin';
  readonly #open = new Set<Participant>();

  async openRoom(nodes: readonly MediaNode[], room: string): Promise<MediaNode> {
    const states = await Promise.all(nodes.map(async (node) => ({ node, state: await stateOf(node) })));
    const serving = states.flatMap(({ node, state }) =>
      state?.state === 'SERVING' ? [{ node, people: state.people, rooms: state.rooms }] : [],
    );
    const [chosen] = serving.sort((a, b) => a.rooms - b.rooms || a.people - b.people);
    if (chosen === undefined) throw new Error(`no node takes ${room}: of ${nodes.length} none is serving`);
    await call(chosen.node, 'POST', `${ROOMS_PATH}?room=${encodeURIComponent(room)}`);
    return chosen.node;
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
async function stateOf(node: MediaNode): Promise<TwinNode | undefined> {
  try {
    return v.parse(twinNodeSchema, JSON.parse(await call(node, 'GET', NODE_PATH)));
  } catch {
    return undefined;
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
