import type { CloudClock } from '../cloud/clock.ts';
import type { Happening } from '../cloud/events.ts';
import { runEvery } from '../cloud/run-every.ts';
import type { UptimeAlert, UptimeCheck } from './model.ts';

export interface UptimeOptions {
  checks(): readonly UptimeCheck[];
  clock: CloudClock;
  emit(happening: Happening): void;
}

export interface Uptime {
  begin(): void;
  close(): void;
}

const MINUTE_MS = 60_000;
const PATIENCE_MS = 10_000;

/**
 * Asks each minute, by the cloud's clock, what checks ask for, and tells when an alert is sent, and when it is over. All
 * regions of a check see the same here.
 */
export function createUptime({ checks, clock, emit }: UptimeOptions): Uptime {
  const downSince = new Map<string, number>();
  const raised = new Set<string>();
  let end: () => void = () => undefined;

  function raise({ id, name, periodMs }: UptimeAlert, since: number | undefined): void {
    const isDown = since !== undefined && clock.now() - since >= periodMs;
    if (isDown === raised.has(id) || (since !== undefined && !isDown)) return;
    if (isDown) raised.add(id);
    else raised.delete(id);
    const [from, to] = isDown ? ['up', 'down'] : ['down', 'up'];
    emit({ kind: 'alarm', name, from, to });
  }

  async function look({ id, target, alerts }: UptimeCheck): Promise<void> {
    if (await isUp(target)) downSince.delete(id);
    else downSince.set(id, downSince.get(id) ?? clock.now());
    for (const alert of alerts) raise(alert, downSince.get(id));
  }

  return {
    begin() {
      end = runEvery(
        MINUTE_MS,
        () => Promise.all(checks().map((check) => (check.enabled ? look(check) : undefined))),
        clock,
      );
    },
    close: () => end(),
  };
}

/** DigitalOcean does not say which answers it takes for one: 503 is none, by any reading. */
async function isUp(target: string): Promise<boolean> {
  try {
    const { status } = await fetch(target, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return status < 400;
  } catch {
    return false;
  }
}
