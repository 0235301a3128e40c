import { appendFileSync } from 'node:fs';
import * as v from 'valibot';
import type { TwinEvent } from '../cloud/events.ts';

/** What a function finds again within that is no news. In real time: a lab's minute may be a second. */
const KNOWN_MS = 60_000;

const findingSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    event: v.pipe(v.string(), v.startsWith('found-')),
    node: v.optional(v.string()),
    text: v.optional(v.string()),
  }),
);

export interface WatchOptions {
  /** Where all that functions write is kept. */
  file: string;
  say: (text: string) => void;
}

/**
 * What calls an operator, for whoever tries a stack: alarms of the cloud where its twin raises them, and what the functions
 * find, of which the other clouds' alarms are made. Each finding is told once, and anew when it had gone.
 */
export function createWatch({ file, say }: WatchOptions): (event: TwinEvent) => void {
  const known = new Map<string, number>();
  return (event) => {
    if (event.kind === 'alarm' && (event.to === 'ALARM' || event.from === 'ALARM'))
      say(`alarm ${event.name}: ${event.from} → ${event.to}`);
    if (event.kind !== 'function-log') return;
    appendFileSync(file, `${event.line}\n`);
    const parsed = v.safeParse(findingSchema, event.line);
    if (!parsed.success) return;
    const { event: name, node, text } = parsed.output;
    const key = `${name} ${node ?? ''}`;
    const last = known.get(key);
    known.set(key, event.at);
    if (last !== undefined && event.at - last < KNOWN_MS) return;
    say([`${event.function}: ${name}`, node, text].filter(Boolean).join(': '));
  };
}
