/**
 * How a person talks to the twin: an HTTP upgrade to this protocol on the signal port, then one line of JSON per
 * message. The connection is the call: when it breaks without a `leave`, the call was dropped.
 */
export const UPGRADE = 'twin-livekit';
export const JOIN_PATH = '/twin/join';
export const ROOMS_PATH = '/twin/rooms';
export const NODE_PATH = '/twin/node';
/** The twin's stand-in for sound: one message to everybody, with the number of those who speak. */
export const SOUND_EVERY_MS = 500;

export type LeaveReason = 'SERVER_SHUTDOWN' | 'ROOM_CLOSED' | 'DUPLICATE_IDENTITY';

export type FromServer =
  | { readonly type: 'joined'; readonly node: string }
  /** Sound from `others` other people; 0 to whoever is alone. */
  | { readonly type: 'sound'; readonly others: number }
  | { readonly type: 'leave'; readonly reason: LeaveReason };

export type FromPerson = { readonly type: 'leave' };

/** What a node says of itself, in place of LiveKit's registry in Redis. */
export interface TwinNode {
  readonly node: string;
  readonly state: 'SERVING' | 'SHUTTING_DOWN';
  readonly rooms: number;
  readonly people: number;
}
