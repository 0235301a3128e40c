import { createHash } from 'node:crypto';
import type { Clock } from '../../../fleet/clock.ts';
import { announcedKey } from '../../../fleet/digitalocean/announcement.ts';
import { DigitalOceanError } from '../../../fleet/digitalocean/client.ts';
import type { Droplets } from '../../../fleet/digitalocean/droplets.ts';
import type { DropletMachine } from '../../../fleet/digitalocean/pool-machines.ts';
import { decisionTag, drainingTag, poolTag } from '../../../fleet/digitalocean/tags.ts';
import { fillUserData } from '../../../fleet/digitalocean/user-data.ts';
import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import type { RemovingStore } from '../../../fleet/object-store.ts';
import type { Registry } from '../../../fleet/registry.ts';
import { someAtOnce } from '../../../fleet/some-at-once.ts';
import { deriveStatusKey } from '../../../fleet/status-signature.ts';
import { attemptsInto } from '../../attempts.ts';
import type { Decided } from '../../level-triggered/memory.ts';
import type { Nursery } from '../../level-triggered/newborns.ts';
import { markOf } from '../../level-triggered/world.ts';
import type { OrchestratorPlan } from './plan.ts';

export interface StepTools {
  droplets: Omit<Droplets, 'list' | 'named' | 'readRoom'>;
  registry: Pick<Registry, 'writeDecision' | 'writeMemory'>;
  store: Pick<RemovingStore, 'get'>;
  settings: OrchestratorSettings;
  poolSecret: string;
  clock: Clock;
}

/** What a run has done, by nodes. */
export interface Done {
  decided: string[];
  takenOut: string[];
  marked: string[];
  removed: string[];
  made: string[];
  failures: string[];
}

export const NOTHING_DONE: Done = {
  decided: [],
  takenOut: [],
  marked: [],
  removed: [],
  made: [],
  failures: [],
};

export const MEMORY = 'orchestrator';
export const NURSERY = 'droplets';
/** DigitalOcean takes 250 requests a minute. */
const AT_ONCE = 8;

type Step = Decided<DropletMachine>;

/**
 * Carries a plan out in the order that it asks for. What fails is told, and keeps nothing else from being done. After
 * `until` nothing is begun any more: another run may take this one for ended.
 */
export async function carryOut(
  plan: OrchestratorPlan,
  tools: StepTools,
  { signal, until }: { signal: AbortSignal; until: number },
): Promise<Done> {
  const done = structuredClone(NOTHING_DONE);
  const { droplets, registry, settings, clock } = tools;
  const attempt = attemptsInto(done.failures);

  function mustBeInTime(): void {
    if (signal.aborted || clock.now() >= until) throw new Error('the time of this run is over');
  }

  async function remove({ machine }: Step): Promise<void> {
    const isDeleted = await attempt(`deleting ${machine.node}`, async () => {
      await droplets.delete(machine.dropletId, signal);
      done.removed.push(machine.node);
    });
    // A tag outlives who bore it.
    const { mark } = machine;
    if (isDeleted && mark !== undefined)
      await attempt(`dropping the tag of ${machine.node}`, () => droplets.dropTag(decisionTag(mark), signal));
  }

  async function removeUnborn(step: Step): Promise<void> {
    const { node } = step.machine;
    let isSilent = false;
    await attempt(`looking for a word of ${node}`, async () => {
      const keys = [`statuses/${node}.json`, announcedKey(node)];
      const words = await Promise.all(keys.map((key) => tools.store.get(key, signal)));
      isSilent = words.every((word) => word === undefined);
    });
    if (isSilent) await remove(step);
  }

  /** Written state precedes the effect: whoever is not remembered and written down does not go. */
  async function decide(): Promise<Step[]> {
    const isRemembered = await attempt('writing what was decided', async () => {
      mustBeInTime();
      if (plan.memory !== undefined) await registry.writeMemory(MEMORY, plan.memory, signal);
    });
    if (!isRemembered) return [];
    const written: Step[] = [];
    await someAtOnce(plan.decide, AT_ONCE, async (step) => {
      const isWritten = await attempt(`deciding ${step.machine.node}`, async () => {
        mustBeInTime();
        await registry.writeDecision(step.decision, signal);
      });
      if (isWritten) written.push(step);
    });
    done.decided = written.map(({ machine }) => machine.node);
    return written;
  }

  async function takeOut(steps: readonly Step[]): Promise<Step[]> {
    if (steps.length === 0) return [];
    const nodes = steps.map(({ machine }) => machine.node);
    const isOut = await attempt(`tagging ${nodes.join(', ')} as draining`, () =>
      droplets.tag(
        drainingTag(settings.pool),
        steps.map(({ machine }) => machine.dropletId),
        signal,
      ),
    );
    if (isOut) {
      done.takenOut.push(...nodes);
      return [...steps];
    }
    // One that is gone makes all fail: the others must not stay for that.
    if (steps.length === 1) return [];
    const outcomes: Step[] = [];
    for (const step of steps) outcomes.push(...(await takeOut([step])));
    return outcomes;
  }

  async function mark({ machine, decision }: Step): Promise<void> {
    await attempt(`marking ${machine.node}`, async () => {
      await droplets.tag(decisionTag(markOf(decision)), [machine.dropletId], signal);
      done.marked.push(machine.node);
    });
  }

  async function shrink(): Promise<void> {
    const decided = await decide();
    const isOutside = ({ machine }: Step) => machine.place === 'outside';
    const out = await takeOut([...plan.takeOut, ...decided.filter((step) => !isOutside(step))]);
    await someAtOnce([...plan.mark, ...decided.filter(isOutside), ...out], AT_ONCE, mark);
  }

  /** Remembered by name before it is asked for: whatever becomes of the asking, the list will show it, or not. */
  async function grow(): Promise<void> {
    let template = '';
    const isReady = await attempt('remembering which droplets are made', async () => {
      if (plan.births.length > 0) template = await readTemplate(tools, signal);
      mustBeInTime();
      if (plan.nursery !== undefined) await registry.writeMemory(NURSERY, plan.nursery, signal);
    });
    if (!isReady) return;
    // Whatever is not asked for, or refused, will not come.
    const notComing = new Set(plan.births);
    let isRefused = false;
    await someAtOnce(plan.births, AT_ONCE, async (node) => {
      // What one was refused for, the others are.
      if (isRefused) return;
      await attempt(`making ${node}`, async () => {
        const statusKey = deriveStatusKey(tools.poolSecret, node);
        const userData = fillUserData(template, { node, statusKey });
        mustBeInTime();
        const { region, droplet } = settings;
        notComing.delete(node);
        await droplets
          .create({ ...droplet, name: node, region, userData }, signal)
          .catch((cause: unknown) => {
            if (isRefusal(cause)) {
              isRefused = true;
              notComing.add(node);
            }
            throw cause;
          });
        done.made.push(node);
      });
    });
    await forget(plan.nursery, notComing);
  }

  /** They need not be waited for. */
  async function forget(nursery: Nursery | undefined, notComing: ReadonlySet<string>): Promise<void> {
    if (nursery === undefined || notComing.size === 0) return;
    const births = nursery.births.filter(({ node }) => !notComing.has(node));
    await attempt('forgetting what was not made', async () => {
      mustBeInTime();
      await registry.writeMemory(NURSERY, { ...nursery, births }, signal);
    });
  }

  async function tagUntagged(): Promise<void> {
    if (plan.untagged.length === 0) return;
    const ids = plan.untagged.map(({ dropletId }) => dropletId);
    const nodes = plan.untagged.map(({ node }) => node).join(', ');
    await attempt(`tagging ${nodes}`, () => droplets.tag(poolTag(settings.pool), ids, signal));
  }

  await Promise.all([
    someAtOnce(plan.remove, AT_ONCE, remove),
    someAtOnce(plan.removeUnborn, AT_ONCE, removeUnborn),
    shrink(),
    grow(),
    tagUntagged(),
  ]);
  return done;
}

/** What new droplets are told: the very text that the stack has put there. */
async function readTemplate({ store, settings }: StepTools, signal: AbortSignal): Promise<string> {
  const { key, sha256 } = settings.userData;
  const object = await store.get(key, signal);
  if (object === undefined)
    throw new Error(`${key} is not in the bucket ${settings.buckets.code}: run pulumi up`);
  const found = createHash('sha256').update(object.body).digest('hex');
  if (found !== sha256)
    throw new Error(`${key} is not what was deployed: its sha256 is ${found}, not ${sha256}`);
  return object.body;
}

/** Said by DigitalOcean itself: the droplet has not been made. What went wrong on its side says nothing. */
function isRefusal(cause: unknown): boolean {
  if (!(cause instanceof DigitalOceanError) || cause.status === undefined) return false;
  return cause.status >= 400 && cause.status < 500 && cause.status !== 408;
}
