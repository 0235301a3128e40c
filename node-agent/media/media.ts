import type { WorkReading } from '../core/state.ts';

/** A media server, as far as its work goes. Never rejects: what cannot be read is unknown, with the reason. */
export interface MediaServer {
  readWork(): Promise<WorkReading>;
}
