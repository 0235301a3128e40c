import type { ObjectStore, RemovingStore } from './object-store.ts';
import { SIGNATURE_METADATA, type SignStatus } from './status-signature.ts';

/** A store in one node's hand: whatever it puts is signed, for the place where it is put. */
export function signedStore(store: RemovingStore, sign: SignStatus): ObjectStore {
  return {
    list: store.list,
    get: store.get,
    put: (key, body, signal) => store.put(key, body, signal, { [SIGNATURE_METADATA]: sign(key, body) }),
  };
}
