import type { SendHttp } from '../../../fleet/http.ts';
import type { Principals } from '../../gcp/principals.ts';
import type { WorldKit } from '../cloud.ts';
import type { Destination, Reply } from '../network.ts';
import type { Change } from './change.ts';
import { ENVIRONMENT, PRUNER_URL, prunerSettingsOf } from './model.ts';
import type { GcpPlan } from './plan.ts';
import { type PrunerLife, replyOf, startPrunerLife } from './pruner-life.ts';
import type { GcpStep } from './step.ts';

/** The pruner on Cloud Run: as a rule one instance, and a new one when that has died. */
export interface CloudRun {
  /** As a node calls it, which shows who it is. */
  destination: Destination;
  /** As the schedule calls it. */
  wake(): Promise<Reply>;
  killAt(death: Omit<Extract<GcpStep, { kind: 'kill-pruner' }>, 'at'>): void;
  /** Until then, ms since the epoch. */
  twiceUntil: number;
  refusedUntil: number;
  /** Nothing that happens now rests on anything that was read before. */
  readSince(): number;
}

export interface CloudRunOptions {
  plan: GcpPlan;
  kit: Pick<WorldKit, 'clock' | 'random' | 'tell' | 'isOver'>;
  principals: Principals;
  send: SendHttp;
  write(line: string): void;
  /** A node of this name wakes it. */
  wokenBy(name: string): void;
}

/** What an instance has sent arrives a little after it has ended. */
const ON_THE_WAY_MS = 10_000;

type Only = Extract<GcpStep, { kind: 'kill-pruner' }>['only'];

interface Death {
  only: Only;
  when: 'before' | 'after';
  left: number;
}

export function createCloudRun({ plan, kit, principals, send, write, wokenBy }: CloudRunOptions): CloudRun {
  const { clock, random, tell, isOver } = kit;
  const lives: (PrunerLife | undefined)[] = [undefined, undefined];
  const answering = new Set<{ since: number }>();
  let deaths: Death[] = [];

  function start(place: number): PrunerLife {
    const life = startPrunerLife({
      environment: { ...ENVIRONMENT, EBBTIDE_SETTINGS: JSON.stringify(prunerSettingsOf(plan)) },
      clock,
      random,
      send,
      write,
      dies(when, change) {
        const isDue = isOver() || takesDeath(when, change);
        if (isDue) lives[place] = undefined;
        return isDue;
      },
    });
    lives[place] = life;
    return life;
  }

  function takesDeath(when: 'before' | 'after', change: Change | undefined): boolean {
    const met = deaths.filter((death) => death.when === when && isMeant(death.only, change));
    for (const death of met) death.left -= 1;
    const due = met.find(({ left }) => left <= 0);
    if (due === undefined) return false;
    deaths = deaths.filter((death) => death !== due);
    const what = change === undefined ? 'a request' : `a request: ${change}`;
    tell({ kind: 'function', name: 'pruner', outcome: `killed ${when} ${what}` });
    return true;
  }

  async function wakeOne(place: number): Promise<Reply> {
    const run = { since: clock.now() };
    answering.add(run);
    const reply = await (lives[place] ?? start(place)).wake();
    clock.after(ON_THE_WAY_MS, () => answering.delete(run));
    return reply;
  }

  async function wake(): Promise<Reply> {
    const first = wakeOne(0);
    if (clock.now() < cloudRun.twiceUntil) void wakeOne(1);
    return first;
  }

  const cloudRun: CloudRun = {
    wake,
    twiceUntil: 0,
    refusedUntil: 0,
    killAt: ({ only, when, nth }) => {
      deaths.push({ only, when, left: nth });
    },
    readSince: () => Math.min(clock.now(), ...[...answering].map(({ since }) => since)),
    destination: {
      way: 'api',
      answer({ headers }, fault) {
        if (fault === 'garbage') return replyOf(200, '<html>It works!</html>');
        if (fault !== undefined) return replyOf(fault === 'throttle' ? 429 : 503, 'not now');
        if (clock.now() < cloudRun.refusedUntil) return replyOf(403, 'Forbidden');
        const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
        const identity = token === undefined ? undefined : principals.verify(token);
        if (identity?.audience === PRUNER_URL) {
          if (identity.instance !== undefined) wokenBy(identity.instance);
          return wake();
        }
        tell({ kind: 'refused', what: 'waking the pruner: the token is not for it' });
        return replyOf(401, 'Unauthorized');
      },
    },
  };
  return cloudRun;
}

function isMeant(only: Only, change: Change | undefined): boolean {
  if (only === 'all') return true;
  return only === 'changes' ? change !== undefined : change === only;
}
