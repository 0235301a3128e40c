import * as v from 'valibot';

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

const leaveReason = v.picklist(['SERVER_SHUTDOWN', 'ROOM_CLOSED', 'DUPLICATE_IDENTITY']);
export type LeaveReason = v.InferOutput<typeof leaveReason>;

export const fromServerSchema = v.variant('type', [
  v.object({ type: v.literal('joined'), node: v.string() }),
  /** Sound from `others` other people; 0 to whoever is alone. */
  v.object({ type: v.literal('sound'), others: v.number() }),
  v.object({ type: v.literal('leave'), reason: leaveReason }),
]);
export type FromServer = v.InferOutput<typeof fromServerSchema>;

export type FromPerson = { readonly type: 'leave' };

/** What a node says of itself, in place of LiveKit's registry in Redis. */
export const twinNodeSchema = v.object({
  node: v.string(),
  state: v.picklist(['SERVING', 'SHUTTING_DOWN']),
  rooms: v.number(),
  people: v.number(),
});
export type TwinNode = v.InferOutput<typeof twinNodeSchema>;
