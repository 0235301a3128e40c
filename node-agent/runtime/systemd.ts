import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { describeError } from '../../fleet/error.ts';
import type { Outcome } from '../core/effect.ts';
import type { MediaProcess, RuntimeReading } from '../core/state.ts';
import { readLife, signalLife } from './process-table.ts';
import type { MediaRuntime } from './runtime.ts';

export interface SystemdOptions {
  name: string;
  unit: string;
  timeoutMs: number;
  /** While the known process lives, systemd itself is asked only this often. */
  askEveryMs: number;
  now: () => number;
}

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'Job',
];

const unitSchema = v.object({
  LoadState: v.string(),
  ActiveState: v.string(),
  SubState: v.string(),
  Result: v.optional(v.string(), ''),
  MainPID: v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)),
  ExecMainCode: v.optional(v.string(), ''),
  ExecMainStatus: v.optional(v.string(), ''),
  /** The id of a queued job (a start at boot, say); absent or 0 when there is none. */
  Job: v.optional(v.string(), ''),
});
export type Unit = v.InferOutput<typeof unitSchema>;

/** The media process as the main process of a systemd unit. */
export function createSystemdRuntime(options: SystemdOptions): MediaRuntime {
  const { name, unit, timeoutMs, now } = options;
  let last: { process: MediaProcess; askedAt: number } | undefined;

  async function read(): Promise<RuntimeReading> {
    try {
      // A look into the process table costs nothing; starting systemctl each second would.
      if (last !== undefined && now() - last.askedAt < options.askEveryMs) {
        const life = await readLife(last.process.pid);
        if (life?.id === last.process.id) return { kind: 'answered', running: [last.process], willStart: [] };
      }
      last = undefined;
      const shown = await showUnit(unit, timeoutMs);
      const life = shown.MainPID === 0 ? undefined : await readLife(shown.MainPID);
      if (life === undefined) return readingWithoutProcess(name, shown);
      last = {
        process: { name, pid: shown.MainPID, ...life, carries: 'calls', signalSafe: 'told' },
        askedAt: now(),
      };
      return { kind: 'answered', running: [last.process], willStart: [] };
    } catch (cause) {
      return { kind: 'unknown', reason: `systemd does not tell of ${unit}: ${describeError(cause)}` };
    }
  }

  async function start(): Promise<Outcome> {
    try {
      await systemctl(timeoutMs, 'reset-failed', unit);
      await systemctl(timeoutMs, 'start', unit);
      return { kind: 'done' };
    } catch (cause) {
      return { kind: 'failed', problem: `systemctl start ${unit}: ${describeError(cause)}` };
    }
  }

  return {
    read,
    signal: (process) => signalLife(process, 'SIGTERM'),
    cut: (process, kill) => signalLife(process, kill ? 'SIGKILL' : 'SIGTERM'),
    start,
  };
}

async function systemctl(timeoutMs: number, ...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('systemctl', command, { timeout: timeoutMs });
  return stdout;
}

/** How a unit is. Rejects where systemd cannot be asked, or says something else. */
export async function showUnit(unit: string, timeoutMs: number): Promise<Unit> {
  return parseUnit(await systemctl(timeoutMs, 'show', unit, `--property=${PROPERTIES.join(',')}`));
}

/** What `systemctl show` printed: KEY=VALUE lines. Throws when the lines that matter are not there. */
export function parseUnit(shown: string): Unit {
  const pairs = shown
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()]);
  const parsed = v.safeParse(unitSchema, Object.fromEntries(pairs));
  if (!parsed.success) throw new Error(`systemctl show said something else: ${v.summarize(parsed.issues)}`);
  return parsed.output;
}

/** Without a main process: is it over, or about to start (again)? Only a unit at rest is over. */
export function readingWithoutProcess(name: string, unit: Unit): RuntimeReading {
  const atRest = unit.ActiveState === 'inactive' || unit.ActiveState === 'failed';
  const queued = unit.Job !== '' && unit.Job !== '0';
  const reading = { kind: 'answered', running: [], willStart: atRest && !queued ? [] : [name] } as const;
  const ran = unit.ExecMainCode !== '' && unit.ExecMainCode !== '0';
  if (!ran) return { ...reading, running: [], willStart: [...reading.willStart] };
  const clean = unit.Result === 'success' && unit.ExecMainStatus === '0';
  const text = describeUnit(unit);
  return { ...reading, running: [], willStart: [...reading.willStart], exits: [{ name, clean, text }] };
}

export function describeUnit(unit: Unit): string {
  return `${unit.ActiveState} (${unit.SubState}), result ${unit.Result}, status ${unit.ExecMainStatus}`;
}
