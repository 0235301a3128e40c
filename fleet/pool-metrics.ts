/**
 * The pool's metrics, as a watcher writes them each minute, without dimensions, and as alarms name them. Each counts
 * nodes, unless it says otherwise. One that could not be counted is left out, never written as 0.
 */
export const POOL_METRICS = {
  /** All machines of the group, whatever their state. */
  nodes: 'Nodes',
  serving: 'ServingNodes',
  draining: 'DrainingNodes',
  /** Their last status is too old. */
  stale: 'StaleNodes',
  /** They have no status, or none that can be read, or do not know their own work. */
  unknown: 'UnknownNodes',
  /** Left the group and are kept. AWS: nobody answered their terminate hook; elsewhere: nobody but a person will end them. */
  retained: 'RetainedNodes',
  /** Draining for longer than the operator expects. */
  overdue: 'OverdueDrains',
  /** Their drain has reached the ceiling. */
  ceiling: 'CeilingDrains',
  /** Calls were cut on them lately, by the operator's ceiling. */
  'calls-cut': 'CallsCutNodes',
  /** Calls were lost on them lately: their media server died, or the whole machine. */
  'calls-lost': 'CallsLostNodes',
  /** They say that something else on them needs a person: a signal that may not have arrived, a full disk, … */
  alarming: 'AlarmingNodes',
  rooms: 'Rooms',
  people: 'People',
} as const;
