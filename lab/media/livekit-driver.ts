import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { describeError } from '../../fleet/error.ts';
import { type Candidate, chooseNode } from './choose-node.ts';
import { CrowdProcess } from './crowd-process.ts';
import type { MediaDriver, MediaNode, Participant } from './driver.ts';
import { readRegistry } from './livekit-registry.ts';
import { readMetrics } from './metrics-reading.ts';

export interface LiveKitDriverOptions {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** host:port of the Redis that the servers share; rooms can be opened only with one. */
  readonly redis?: string;
}

/** LiveKit leaves out a node whose entry is older. */
const FRESH_MS = 5_000;

interface Chosen {
  node: MediaNode;
  /** As LiveKit calls it. */
  id: string;
}

/** People with real WebRTC clients on real LiveKit servers. */
export class LiveKitDriver implements MediaDriver {
  readonly kind = 'livekit';
  readonly #options: LiveKitDriverOptions;
  readonly #rooms: { room: string; node: string }[] = [];
  readonly #joined = new Set<string>();
  readonly #open = new Set<Participant>();
  #crowd: CrowdProcess | undefined;

  constructor(options: LiveKitDriverOptions) {
    this.#options = options;
  }

  /**
   * The room goes to the node with the fewest rooms among those that LiveKit's own selector would take: serving, and
   * fresh in the registry. It is pinned there, so that everybody can connect to the node that owns it.
   */
  async openRoom(nodes: readonly MediaNode[], room: string): Promise<MediaNode> {
    const { apiKey, apiSecret, redis } = this.#options;
    if (redis === undefined) throw new Error('rooms are placed by the registry in Redis, and there is none');
    const chosen = await chooseNode(room, () => this.#candidates(redis, nodes));
    const { host, signalPort } = chosen.node;
    const service = new RoomServiceClient(`http://${host}:${signalPort}`, apiKey, apiSecret);
    this.#rooms.push({ room, node: chosen.node.id });
    await service.createRoom({ name: room, nodeId: chosen.id });
    return chosen.node;
  }

  async #candidates(redis: string, nodes: readonly MediaNode[]): Promise<Candidate<Chosen>[]> {
    const fresh = Date.now() - FRESH_MS;
    const taking = new Set(
      (await readRegistry(redis))
        .filter(({ serving, updatedAt }) => serving && updatedAt > fresh)
        .map(({ id }) => id),
    );
    const known = await Promise.all(nodes.map(read));
    // Counted after all were read: of rooms that are opened at the same time each sees the one before.
    return known.map(({ node, answer }): Candidate<Chosen> => {
      if (answer.kind === 'none') return { kind: 'does-not-take', node, why: answer.why };
      const { id } = answer;
      if (taking.has(id))
        return { kind: 'takes', place: { node, id }, rooms: this.#roomsOn(node), people: 0 };
      return { kind: 'does-not-take', node, why: 'is not serving, or not fresh, in the registry' };
    });
  }

  async join(node: MediaNode, room: string, identity: string): Promise<Participant> {
    const token = new AccessToken(this.#options.apiKey, this.#options.apiSecret, { identity, ttl: '1h' });
    token.addGrant({ roomJoin: true, room });
    const jwt = await token.toJwt();
    this.#crowd ??= new CrowdProcess();
    let participant: Participant;
    try {
      participant = await this.#crowd.join(node, room, identity, jwt);
    } catch (cause) {
      throw new Error(`${identity} could not join ${room} on ${node.id} (${node.host}:${node.signalPort})`, {
        cause,
      });
    }
    this.#joined.add(room);
    this.#open.add(participant);
    void participant.ended.then(() => this.#open.delete(participant));
    return participant;
  }

  async close(): Promise<void> {
    const crowd = this.#crowd;
    this.#crowd = undefined;
    await crowd?.hangUpAll();
    await crowd?.stop();
  }

  /** Rooms with people in them, and rooms that were opened and wait for the first. */
  #roomsOn(node: MediaNode): number {
    const inUse = new Set([...this.#open].map(({ room }) => room));
    return this.#rooms.filter(
      (opened) => opened.node === node.id && (inUse.has(opened.room) || !this.#joined.has(opened.room)),
    ).length;
  }
}

type Answer =
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'none'; readonly why: string };

async function read(node: MediaNode): Promise<{ node: MediaNode; answer: Answer }> {
  try {
    const { nodeId } = await readMetrics(node);
    return { node, answer: { kind: 'node', id: nodeId } };
  } catch (cause) {
    return { node, answer: { kind: 'none', why: `gave no metrics: ${describeError(cause)}` } };
  }
}
