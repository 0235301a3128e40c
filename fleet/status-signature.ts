import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Where a store cannot bound who writes which status, a status is signed: with a key that only its own node and the one
 * who holds the pool's secret have. The signature lies beside the body, as metadata of the object, and so comes and goes
 * with it in one write. `outdated`: its own, of another time than the store says.
 */
export type StatusSignature = 'right' | 'wrong' | 'none' | 'outdated';

/** Signs the exact text that is put under this key of the store. */
export type SignStatus = (objectKey: string, body: string) => string;

/** The name under which a store keeps the signature, among the object's own metadata. */
export const SIGNATURE_METADATA = 'ebbtide-signature';

/** A secret that can be guessed signs nothing: HMAC itself would take an empty one. */
const SHORTEST_SECRET = 32;
const KEY = /^[0-9a-f]{64}$/;

/** One node's own key. Nobody who has it can work out another node's, or the pool's secret. */
export function deriveStatusKey(poolSecret: string, node: string): string {
  if (poolSecret.length < SHORTEST_SECRET)
    throw new Error(
      `the pool's secret has ${poolSecret.length} characters: it must have ${SHORTEST_SECRET} or more`,
    );
  if (node === '') throw new Error('a status key is of one node: its name is empty');
  return hmac(poolSecret, `status-key:v1:${node}`).toString('hex');
}

/** The node's side. `key` is what `deriveStatusKey` gave for it. */
export function createStatusSigner(key: string): SignStatus {
  // What it is instead may be a key with a typing error: it appears in no error.
  if (!KEY.test(key)) throw new Error('the status key must be 64 hex digits');
  return (objectKey, body) => sign(key, objectKey, body).toString('hex');
}

/** What was read of one status, as the store gave it. */
export interface SignedStatus {
  /** Whose status it is held to be: its key is made from this name, not from what the body says. */
  node: string;
  objectKey: string;
  body: string;
  /** undefined: the store has none with this object. */
  signature: string | undefined;
}

/** The reader's side. */
export function verifyStatus(poolSecret: string, status: SignedStatus): StatusSignature {
  const { node, objectKey, body, signature } = status;
  if (signature === undefined) return 'none';
  const given = Buffer.from(KEY.test(signature) ? signature : '', 'hex');
  const right = sign(deriveStatusKey(poolSecret, node), objectKey, body);
  return given.length === right.length && timingSafeEqual(given, right) ? 'right' : 'wrong';
}

/** The place is signed too: what a node said in one place is not its word in another. */
function sign(key: string, objectKey: string, body: string): Buffer {
  return hmac(key, `${objectKey}\n${body}`);
}

function hmac(key: string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
