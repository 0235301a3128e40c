/** Where people meet on one node, as the lab reaches it. */
export interface MediaNode {
  /** The instance that it runs on. */
  readonly id: string;
  readonly host: string;
  readonly signalPort: number;
  readonly metricsPort: number;
  /** Whether its machine was taken away (by the cloud, not by a crash). */
  takenAway(): boolean;
}

/** How a call ended for one participant. Only `hung-up` is what they wanted. */
export type CallEnd =
  | { readonly kind: 'hung-up' }
  /** The media server closed the call because it was told to stop at once. */
  | { readonly kind: 'server-shutdown' }
  /** The media server closed the call for another reason, which it gave. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** Nothing was said; the server was gone. */
  | { readonly kind: 'connection-lost' };

/**
 * What a participant heard of the others. A gap is a stretch without any sound that the others had sent; with real clients
 * it is timed while their process runs.
 */
export interface Heard {
  readonly frames: number;
  readonly longestGapMs: number;
  /** How long ago the last sound came. */
  readonly silentForMs: number;
}

export interface Participant {
  readonly room: string;
  readonly identity: string;
  /** The node whose signalling this participant connected to. */
  readonly node: MediaNode;
  /** Resolves once, however the call ends. */
  readonly ended: Promise<CallEnd>;
  /** How often the connection had to be made anew (also where that went well). */
  reconnects(): number;
  heard(): Heard;
  /** Gaps count from here on: the connections of all that are in the call have been made. */
  listenAnew(): void;
  hangUp(): Promise<void>;
}

/** People in rooms on media servers. */
export interface MediaDriver {
  readonly kind: 'twin' | 'livekit';
  /** Opens a room on a node that takes new rooms, chosen as LiveKit chooses; throws where no node does. */
  openRoom(nodes: readonly MediaNode[], room: string): Promise<MediaNode>;
  /** A person joins a room, speaks, and listens to everybody else in it. */
  join(node: MediaNode, room: string, identity: string): Promise<Participant>;
  /** Ends what is still open. */
  close(): Promise<void>;
}
