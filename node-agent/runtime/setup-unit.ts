import { describeError } from '../../fleet/error.ts';
import type { SetupReading } from '../core/state.ts';
import { describeUnit, showUnit, type Unit } from './systemd.ts';

/** The operator's own script that brings the media server (`media.setup`): how it fares. Never rejects. */
export interface SetupUnit {
  read(): Promise<SetupReading>;
}

export function createSetupUnit(unit: string, timeoutMs: number): SetupUnit {
  return {
    async read() {
      try {
        return setupReading(await showUnit(unit, timeoutMs));
      } catch (cause) {
        return { kind: 'unknown', reason: `systemd does not tell of ${unit}: ${describeError(cause)}` };
      }
    },
  };
}

/** At rest it has ended well, now or before an earlier reboot, or was not begun yet. */
export function setupReading(unit: Unit): SetupReading {
  if (unit.ActiveState === 'activating') return { kind: 'running' };
  if (unit.ActiveState === 'failed') return { kind: 'failed', text: describeUnit(unit) };
  return { kind: 'at-rest' };
}
