import { setTimeout as sleep } from 'node:timers/promises';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
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
/** Servers on a machine that is busy with others may all be late for a moment: whoever wants to talk tries again. */
const PATIENCE_MS = 10_000;
const TRY_AGAIN_MS = 500;

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
    const until = Date.now() + PATIENCE_MS;
    let chosen = await this.#choose(redis, nodes);
    while (chosen === undefined && Date.now() < until) {
      await sleep(TRY_AGAIN_MS);
      chosen = await this.#choose(redis, nodes);
    }
    if (chosen === undefined) throw new Error(`no node takes ${room}: of ${nodes.length} none is serving`);
    const { host, signalPort } = chosen.node;
    const service = new RoomServiceClient(`http://${host}:${signalPort}`, apiKey, apiSecret);
    this.#rooms.push({ room, node: chosen.node.id });
    await service.createRoom({ name: room, nodeId: chosen.id });
    return chosen.node;
  }

  async #choose(redis: string, nodes: readonly MediaNode[]): Promise<Chosen | undefined> {
    const fresh = Date.now() - FRESH_MS;
    const taking = new Set(
      (await readRegistry(redis))
        .filter(({ serving, updatedAt }) => serving && updatedAt > fresh)
        .map(({ id }) => id),
    );
    const known = await Promise.all(nodes.map(async (node) => ({ node, ...(await read(node)) })));
    const [chosen] = known
      .flatMap(({ node, id }) =>
        id !== undefined && taking.has(id) ? [{ node, id, rooms: this.#roomsOn(node) }] : [],
      )
      .sort((a, b) => a.rooms - b.rooms);
    return chosen;
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

/** A node that does not answer is not one to open a room on. */
async function read(node: MediaNode): Promise<{ id?: string }> {
  try {
    const { nodeId } = await readMetrics(node);
    return { id: nodeId };
  } catch {
    return {};
  }
}
