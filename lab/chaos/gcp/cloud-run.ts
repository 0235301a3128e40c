import type { SendHttp } from '../../../fleet/http.ts';
import { createWakeHandler } from '../../../functions/gcp/pruner/answer-wake.ts';
import { composePruner } from '../../../functions/gcp/pruner/compose.ts';
import type { Principals } from '../../gcp/principals.ts';
import type { WorldKit } from '../cloud.ts';
import { type AtRequest, createDeaths, isMeantAt, type OnlyAt } from '../deaths.ts';
import { type FunctionLife, startFunctionLife, textReply } from '../function-life.ts';
import type { Destination, Reply } from '../network.ts';
import { type Change, changeOf } from './change.ts';
import { ENVIRONMENT, PRUNER_URL, prunerSettingsOf } from './model.ts';
import type { GcpPlan } from './plan.ts';

/** The pruner on Cloud Run: as a rule one instance, and a new one when that has died. */
export interface CloudRun {
  /** As a node calls it, which shows who it is. */
  destination: Destination;
  /** As the schedule calls it. */
  wake(): Promise<Reply>;
  killAt(death: AtRequest<OnlyAt<Change>>): void;
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

export function createCloudRun({ plan, kit, principals, send, write, wokenBy }: CloudRunOptions): CloudRun {
  const { clock, random, tell, isOver } = kit;
  const lives: (FunctionLife | undefined)[] = [undefined, undefined];
  const answering = new Set<{ since: number }>();
  const deaths = createDeaths<OnlyAt<Change>>();

  function start(place: number): FunctionLife {
    const environment = { ...ENVIRONMENT, EBBTIDE_SETTINGS: JSON.stringify(prunerSettingsOf(plan)) };
    const life = startFunctionLife({
      clock,
      send,
      write,
      dies(when, request) {
        const isDue = isOver() || takesDeath(when, changeOf(request));
        if (isDue) lives[place] = undefined;
        return isDue;
      },
      ended: textReply(503, 'The request failed: the instance has ended.'),
      compose(surroundings) {
        const handle = createWakeHandler(composePruner({ ...surroundings, environment, random }));
        return () =>
          new Promise((resolve) => {
            const json = (code: number) => (body: unknown) => resolve(textReply(code, JSON.stringify(body)));
            void handle({ query: {} }, { status: (code) => ({ json: json(code) }) });
          });
      },
    });
    lives[place] = life;
    return life;
  }

  function takesDeath(when: 'before' | 'after', change: Change | undefined): boolean {
    const isDue = deaths.take(when, (only) => isMeantAt(only, change));
    const what = change === undefined ? 'a request' : `a request: ${change}`;
    if (isDue) tell({ kind: 'function', name: 'pruner', outcome: `killed ${when} ${what}` });
    return isDue;
  }

  async function wakeOne(place: number): Promise<Reply> {
    const run = { since: clock.now() };
    answering.add(run);
    const reply = await (lives[place] ?? start(place)).call();
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
    killAt: deaths.arm,
    readSince: () => Math.min(clock.now(), ...[...answering].map(({ since }) => since)),
    destination: {
      way: 'api',
      answer({ headers }, fault) {
        if (fault === 'garbage') return textReply(200, '<html>It works!</html>');
        if (fault !== undefined) return textReply(fault === 'throttle' ? 429 : 503, 'not now');
        if (clock.now() < cloudRun.refusedUntil) return textReply(403, 'Forbidden');
        const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
        const identity = token === undefined ? undefined : principals.verify(token);
        if (identity?.audience === PRUNER_URL) {
          if (identity.instance !== undefined) wokenBy(identity.instance);
          return wake();
        }
        tell({ kind: 'refused', what: 'waking the pruner: the token is not for it' });
        return textReply(401, 'Unauthorized');
      },
    },
  };
  return cloudRun;
}
