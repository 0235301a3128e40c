import type { Refusal, Timed } from './events.ts';

type Refused = { kind: 'refused' } & Refusal;

/** What happens in a twin, as it is told to whoever listens; what was refused is remembered too. */
export interface Witness<Told> {
  emit(happening: Told): void;
  refuse(refusal: Refusal): void;
  onEvent(listener: (event: Timed<Told>) => void): () => void;
  refused(): Refusal[];
}

/** `cloudNow`: the twin's own clock. `first`: hears all from the beginning on. */
export function createWitness<Told>(
  cloudNow: () => number,
  first?: (event: Timed<Told | Refused>) => void,
): Witness<Told | Refused> {
  const refusals: Refusal[] = [];
  const listeners = new Set<(event: Timed<Told | Refused>) => void>(first ? [first] : []);

  function emit(happening: Told | Refused): void {
    const event = { ...happening, at: Date.now(), cloudMs: cloudNow() };
    for (const listener of listeners) listener(event);
  }

  return {
    emit,
    refuse(refusal) {
      refusals.push(refusal);
      emit({ kind: 'refused', ...refusal });
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refused: () => [...refusals],
  };
}
