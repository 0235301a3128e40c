import type { Clock } from '../../fleet/clock.ts';
import type { Outcome } from '../../node-agent/core/effect.ts';
import type { MediaExit, MediaProcess, RuntimeReading } from '../../node-agent/core/state.ts';
import type { MediaRuntime } from '../../node-agent/runtime/runtime.ts';
import type { Happening } from './happening.ts';
import { createMediaLife, type MediaEnd, type MediaLife } from './media.ts';

/** The media server's unit: started at boot, started again after a failure, not after a clean end. */
export interface MediaUnit {
  /** The life that runs now. */
  life(): MediaLife | undefined;
  /** As the machine boots. */
  boot(): void;
  crash(): void;
  /** Everything on the machine is gone at once. */
  powerOff(): void;
  runtime: MediaRuntime;
  /** While it is, systemd does not answer. */
  silent: boolean;
  /** The next signal is answered with an error: it reached the process, or it did not. */
  unsure: 'arrives' | 'is lost' | undefined;
}

export interface MediaUnitOptions {
  clock: Clock;
  node: string;
  tell(happening: Happening): void;
}

const NAME = 'livekit';
/** As in the unit that the stack writes. */
const RESTART_AFTER_MS = 2_000;
const BURST = 5;
const BURST_MS = 60_000;

export function createMediaUnit({ clock, node, tell }: MediaUnitOptions): MediaUnit {
  let life: MediaLife | undefined;
  let lastExit: MediaExit | undefined;
  let starting: (() => void) | undefined;
  let boots = 0;
  let pids = 100;
  let starts: number[] = [];

  function start(): void {
    starting = undefined;
    pids += 1;
    starts = [...starts.filter((at) => clock.now() - at < BURST_MS), clock.now()];
    const id = `boot${boots}-${pids}`;
    life = createMediaLife({ clock, id, pid: pids, ended });
    tell({ kind: 'media-started', node, life: id });
  }

  function ended(how: MediaEnd, people: number): void {
    if (life === undefined) return;
    tell({ kind: 'media-ended', node, life: life.id, how, people });
    life = undefined;
    const clean = how === 'drained' || how === 'told twice';
    lastExit = {
      name: NAME,
      clean,
      text: clean ? 'inactive (dead), result success, status 0' : `failed (${how})`,
    };
    if (!clean && how !== 'machine off' && starts.length < BURST)
      starting = clock.after(RESTART_AFTER_MS, start);
  }

  function reading(): RuntimeReading {
    if (unit.silent) return { kind: 'unknown', reason: 'systemd does not answer' };
    if (life !== undefined) {
      const { id, pid, startedAt } = life;
      const process: MediaProcess = {
        name: NAME,
        id,
        pid,
        startedAt,
        carries: 'calls',
        signalSafe: 'told',
      };
      return { kind: 'answered', running: [process], willStart: [] };
    }
    const willStart = starting === undefined ? [] : [NAME];
    return {
      kind: 'answered',
      running: [],
      willStart,
      ...(lastExit === undefined ? {} : { exits: [lastExit] }),
    };
  }

  function send(id: string, signal: 'drain' | 'cut' | 'kill'): Outcome {
    const { unsure } = unit;
    unit.unsure = undefined;
    if (unsure === 'is lost') return { kind: 'failed', problem: 'operation not permitted' };
    if (life?.id !== id) return { kind: 'nothing-to-do', text: `${id} is not running any more` };
    const unheard = life.hears ? {} : { unheard: true };
    tell({ kind: 'signalled', node, life: id, signal, people: life.people, ...unheard });
    if (signal === 'kill') life.end('killed');
    else life.signal();
    return unsure === undefined
      ? { kind: 'done' }
      : { kind: 'failed', problem: 'it is not known how it ended' };
  }

  const unit: MediaUnit = {
    life: () => life,
    boot() {
      boots += 1;
      lastExit = undefined;
      starts = [];
      start();
    },
    crash: () => life?.end('crashed'),
    powerOff() {
      starting?.();
      starting = undefined;
      life?.end('machine off');
    },
    runtime: {
      read: async () => reading(),
      signal: async (process) => send(process.id, 'drain'),
      cut: async (process, kill) => send(process.id, kill ? 'kill' : 'cut'),
      async start() {
        if (life === undefined && starting === undefined) start();
        return { kind: 'done' };
      },
    },
    silent: false,
    unsure: undefined,
  };
  return unit;
}
