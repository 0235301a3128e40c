import * as v from 'valibot';
import { POOL_ALARMS } from '../../../fleet/pool-alarms.ts';
import type { Job } from '../../azure/automation/job.ts';
import type { WorldKit } from '../cloud.ts';
import type { RunbookEnd } from './runbook.ts';

/** What the runbook's jobs write, and what alerts are made of it. */
export interface RunbookLog {
  read(job: Job, how: RunbookEnd): void;
  /** Those that are raised now. */
  alarms(): string[];
}

const ALARMING: readonly string[] = Object.values(POOL_ALARMS).flatMap(({ findings }) => findings);
/** As long as the stack's alert waits, measured by this world's schedule. */
const SILENT_MS = 700_000;

const lineSchema = v.pipe(v.string(), v.parseJson(), v.looseObject({ level: v.string(), event: v.string() }));
type Line = v.InferOutput<typeof lineSchema>;
/** Whatever of a run somebody who reads a trace wants to know. */
const TOLD = [
  'nodes',
  'serving',
  'needed',
  'enough',
  'drains',
  'decided',
  'deleted',
  'protected',
  'failures',
];

export function createRunbookLog({ clock, tell }: Pick<WorldKit, 'clock' | 'tell'>): RunbookLog {
  let last = { at: clock.now(), bad: [] as string[] };
  let lastTold = '';

  /** What the same thing does every minute is told once. */
  function note(outcome: string): void {
    if (outcome !== lastTold) tell({ kind: 'function', name: 'runbook', outcome });
    lastTold = outcome;
  }

  return {
    read(job, how) {
      const lines = job.lines.map((line) => v.parse(lineSchema, line));
      if (how.kind === 'fell') tell({ kind: 'broken', name: 'runbook', problem: how.problem });
      const ended = lines.find(({ event }) => event === 'scale-in');
      // Who waits for another has seen nothing.
      if (ended === undefined && how.kind === 'exited') return;
      const fails = ended === undefined || ended.level === 'error' ? ['runbook-fails'] : [];
      last = { at: clock.now(), bad: [...lines.flatMap(alarmOf), ...fails] };
      if (ended !== undefined) note(outcomeOf(ended, last.bad));
    },
    alarms: () => [...last.bad, ...(clock.now() - last.at > SILENT_MS ? ['runbook-silent'] : [])],
  };
}

/** An alarm of a node's own is told under its name. */
function alarmOf({ event }: Line): string[] {
  const [, found] = /^found-(.+)$/.exec(event) ?? [];
  if (found?.startsWith('node-')) return [found.slice('node-'.length)];
  return found !== undefined && ALARMING.includes(found) ? [found] : [];
}

function outcomeOf(line: Line, bad: readonly string[]): string {
  const told = Object.fromEntries(TOLD.map((name) => [name, line[name]]));
  return JSON.stringify(bad.length === 0 ? told : { ...told, bad });
}
