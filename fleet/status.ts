import * as v from 'valibot';
import { CLOUD_NAMES } from './clouds.ts';
import { CAUSES, INTENTS } from './decision.ts';

export const PHASES = ['booting', 'warm', 'serving', 'cordoned', 'draining', 'empty', 'leaving'] as const;
export type Phase = (typeof PHASES)[number];

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const timestamp = v.pipe(v.string(), v.isoTimestamp());

/** What cannot be moved to another node. Every member is a whole number, 0 or more. */
export const workSchema = v.object({
  rooms: count,
  people: count,
  tracks: count,
  egress: count,
  ingress: count,
  agents: count,
});
export type Work = v.InferOutput<typeof workSchema>;

export const NO_WORK: Work = { rooms: 0, people: 0, tracks: 0, egress: 0, ingress: 0, agents: 0 };

/** One media process: `id` names one life of it (pid or container id, and start time). */
export const mediaSchema = v.object({
  name: v.string(),
  version: v.optional(v.string()),
  id: v.nullable(v.string()),
  state: v.picklist(['running', 'signalled', 'uncertain', 'exited', 'down', 'unknown']),
  startedAt: v.optional(timestamp),
});
export type Media = v.InferOutput<typeof mediaSchema>;

const decisionInStatus = v.object({
  id: v.string(),
  by: v.string(),
  cause: v.picklist(CAUSES),
  intent: v.picklist(INTENTS),
  at: timestamp,
  deadline: v.optional(timestamp),
});

const alarm = v.object({ name: v.string(), since: timestamp, text: v.string() });

/**
 * How a node says it is: schema version 1, one JSON object per node in the registry. A reader ignores members that
 * it does not know. `work: null` means unknown, and `unknown` then says why: it never means empty. `since` is when
 * the phase began, `at` when this was written (both by the node's clock; freshness goes by the store's).
 */
export const statusSchema = v.object({
  v: v.literal(1),
  node: v.pipe(v.string(), v.minLength(1)),
  /** The cloud's own id of this one machine, where the name of a node may come again. */
  machine: v.optional(v.pipe(v.string(), v.minLength(1))),
  pool: v.string(),
  cloud: v.picklist([...CLOUD_NAMES, 'on-premises']),
  zone: v.string(),
  address: v.string(),
  software: v.object({ agent: v.string(), template: v.optional(v.string()) }),
  phase: v.picklist(PHASES),
  since: timestamp,
  at: timestamp,
  bootedAt: timestamp,
  work: v.nullable(workSchema),
  unknown: v.optional(v.string()),
  capacity: v.nullable(count),
  load: v.nullable(fraction),
  cpu: v.nullable(fraction),
  protected: v.boolean(),
  decision: v.optional(decisionInStatus),
  media: v.array(mediaSchema),
  alarms: v.optional(v.array(alarm)),
});
export type NodeStatus = v.InferOutput<typeof statusSchema>;

/** Whatever keeps a node here: rooms and jobs first; people are the weaker measure, yet no less a reason to stay. */
export function isEmptyWork(work: Work): boolean {
  return Object.values(work).every((amount) => amount === 0);
}
