import type { Clock } from '../../fleet/clock.ts';

/** Time that passes only when it is told to: from one thing that was to happen to the next. */
export interface VirtualTime extends Clock {
  /**
   * Lets everything happen that is due before `until` (ms since the epoch), each thing with all that follows from it at
   * once; `after` is called after each and ends it by answering true.
   */
  run(until: number, after: () => boolean): Promise<void>;
}

const OTHERS_EVERY = 500;

interface Due {
  at: number;
  /** Of what is due at the same moment, what was asked for first comes first. */
  order: number;
  action: (() => void) | undefined;
}

export function createVirtualTime(start: number): VirtualTime {
  const heap: Due[] = [];
  let now = start;
  let asked = 0;
  let happened = 0;

  return {
    now: () => now,
    after(ms, action) {
      asked += 1;
      const due: Due = { at: now + Math.max(0, ms), order: asked, action };
      push(heap, due);
      return () => {
        due.action = undefined;
      };
    },
    async run(until, after) {
      for (let next = heap[0]; next !== undefined && next.at <= until; next = heap[0]) {
        pop(heap);
        if (next.action === undefined) continue;
        now = next.at;
        next.action();
        await settled();
        happened += 1;
        if (happened % OTHERS_EVERY === 0) await letOthers();
        if (after()) return;
      }
      now = Math.max(now, until);
    },
  };
}

/**
 * Everything in a virtual world is in memory: promises that are not waiting for time settle before this does, since Node
 * comes to what is to happen next only when no promise has anything left to do.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Lets signals and terminals have their turn. */
function letOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Due[], due: Due): void {
  let index = heap.length;
  heap.push(due);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(due, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  while (true) {
    const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  heap[index] = last;
}
