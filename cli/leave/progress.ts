import { describeReading } from '../../fleet/node-reading.ts';
import { type PoolWorld, type Seen, seeAll } from '../view/seen.ts';
import type { LeavingEvent } from './leaving-event.ts';
import type { LeavingPlan } from './plan-leaving.ts';

/** Who is on the way out, by the ids of the machines. `at`: when this run has asked it; 0 where others did. */
export type Asked = Map<string, { seen: Seen; at: number }>;

export interface Progress {
  /** Whoever is not on the way out any more is none of `asked` then. */
  tell(plan: LeavingPlan, world: PoolWorld, asked: Asked): void;
}

/** Tells of each look what is new. */
export function createProgress(tell: (event: LeavingEvent) => void): Progress {
  const told = new Map<string, string>();
  const isNew = (of: string, text: string) => {
    if ((told.get(of) ?? '') === text) return false;
    told.set(of, text);
    return true;
  };

  function tellKept({ protected: kept }: LeavingPlan): void {
    for (const { machine } of kept)
      if (isNew(`kept ${machine.machine}`, 'kept'))
        tell({ event: 'kept', node: machine.node, machine: machine.machine });
  }

  function tellGone({ leaving, ask }: LeavingPlan, world: PoolWorld, asked: Asked): void {
    const onTheirWay = new Set(
      [...leaving, ...ask.map(({ seen }) => seen)].map(({ machine }) => machine.machine),
    );
    const here = new Set(seeAll(world).map(({ machine }) => machine.machine));
    for (const [machine, { seen }] of asked) {
      if (onTheirWay.has(machine)) continue;
      asked.delete(machine);
      // Who is there and does not leave any more is not gone: somebody has taken it back.
      if (!here.has(machine)) tell({ event: 'gone', node: seen.machine.node, machine });
    }
  }

  function tellLeaving({ leaving }: LeavingPlan, { now }: PoolWorld): void {
    for (const { machine, reading } of leaving) {
      if (!isNew(machine.machine, describeReading(reading))) continue;
      const place = { event: 'leaving', node: machine.node, machine: machine.machine } as const;
      if (reading.kind !== 'fresh') {
        tell({ ...place, unknown: describeReading(reading) });
        continue;
      }
      const { phase, work, since, unknown = 'no reason given' } = reading.status;
      const known =
        work === null
          ? { unknown }
          : { rooms: work.rooms, people: work.people, jobs: work.egress + work.ingress + work.agents };
      tell({ ...place, phase, ...known, forMs: Math.max(0, now - Date.parse(since)) });
    }
  }

  function tellWaiting({ waiting: { more, reason } }: LeavingPlan): void {
    if (isNew('', more === 0 ? '' : `${more} ${reason}`) && more > 0)
      tell({ event: 'waiting', more, reason });
  }

  return {
    tell(plan, world, asked) {
      tellKept(plan);
      tellGone(plan, world, asked);
      tellLeaving(plan, world);
      tellWaiting(plan);
    },
  };
}
