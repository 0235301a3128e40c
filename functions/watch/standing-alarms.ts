import * as v from 'valibot';
import { alarmOf, ownAlarmOf } from '../../fleet/pool-alarms.ts';
import type { Finding } from './finding.ts';

const when = v.pipe(v.string(), v.isoTimestamp());

/** What was found, since when, and when it was last. */
const seenSchema = v.object({ name: v.string(), node: v.optional(v.string()), since: when, at: when });
type Seen = v.InferOutput<typeof seenSchema>;

/** What runs of a function remember of what they found, where nothing else counts minutes. */
export const standingAlarmsSchema = v.object({
  v: v.literal(1),
  /** When the last run ended, by its own clock. */
  at: when,
  /** Those that have stood for as long as they must, by what was found. */
  alarms: v.array(v.string()),
  seen: v.array(seenSchema),
});
export type StandingAlarms = v.InferOutput<typeof standingAlarmsSchema>;

export const NO_ALARMS: Pick<StandingAlarms, 'seen'> = { seen: [] };

const MINUTE_MS = 60_000;
/** What nodes say of themselves is called by them: of it is told no word but our own. */
const OF_NODES = /^node-/;

/**
 * Pure: the alarms after a run that has found these. `patienceMs`: for how long whoever reads them waits for himself
 * before he calls anybody.
 */
export function alarmsAfter(
  { seen }: Pick<StandingAlarms, 'seen'>,
  findings: readonly Finding[],
  now: number,
  patienceMs: number,
): StandingAlarms {
  const at = new Date(now).toISOString();
  const found = new Map<string, Seen>();
  const alarms = new Set<string>();
  for (const finding of findings) {
    const alarm = alarmOf(finding);
    if (alarm === undefined) continue;
    const { name, node } = finding;
    const before = seen.find((each) => isSame(each, finding));
    const since = before?.since ?? at;
    found.set(`${name} ${node ?? ''}`, { name, ...(node === undefined ? {} : { node }), since, at });
    const mustStandMs = alarm.minutes * MINUTE_MS - patienceMs;
    if (now - Date.parse(since) >= mustStandMs) alarms.add(toldAs(name));
  }
  for (const past of seen) {
    const key = `${past.name} ${past.node ?? ''}`;
    if (found.has(key) || now - Date.parse(past.at) >= remainsMs(past)) continue;
    found.set(key, past);
    alarms.add(toldAs(past.name));
  }
  return { v: 1, at, alarms: [...alarms].sort(), seen: [...found.values()] };
}

function isSame(seen: Seen, { name, node }: Finding): boolean {
  return seen.name === name && seen.node === node;
}

function remainsMs({ name }: Seen): number {
  return (alarmOf({ level: 'warn', name })?.remainsMinutes ?? 0) * MINUTE_MS;
}

function toldAs(name: string): string {
  if (!OF_NODES.test(name)) return name;
  return ownAlarmOf(name) ?? 'alarming';
}
