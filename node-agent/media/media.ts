import type { DrainReading, WorkReading } from '../core/state.ts';

/** A media server, as far as its work goes. Never rejects: what cannot be read is unknown, with the reason. */
export interface MediaServer {
  readWork(): Promise<WorkReading>;
  /** Whether its own registry, where it has one, says that it drains: proof of a signal that did or did not arrive. */
  readDrain(): Promise<DrainReading>;
}
