import { createObjects } from '../../aws/objects.ts';
import type { Droplet } from '../../digitalocean/droplets/droplet.ts';
import { createTagBook } from '../../digitalocean/droplets/tag-book.ts';
import type { OceanFaulty } from '../../digitalocean/faults.ts';
import { createApi } from '../../digitalocean/front/api.ts';
import { createRates } from '../../digitalocean/front/rates.ts';
import { changesOf } from '../../digitalocean/model-changes.ts';
import { createTokens } from '../../digitalocean/tokens.ts';
import type { NodeInWorld, Standing, World, WorldKit } from '../cloud.ts';
import { cloudClockOf } from '../cloud-clock.ts';
import { createDecisionBook } from '../decision-book.ts';
import { createFunctionLog } from '../function-log.ts';
import { createHearsay, type Hearsay } from '../hearsay.ts';
import { createLoad, FULL } from '../load.ts';
import { createOneFault } from '../one-fault.ts';
import { startSchedule } from '../schedule.ts';
import { applyDigitalOceanStep } from './apply-step.ts';
import { createForger } from './forger.ts';
import { createFunctions } from './functions.ts';
import { createMembers } from './machines.ts';
import { API, BUCKETS, DRAINING_TAG, modelOf, POOL_TAG, SPACES, TARGET_CPU } from './model.ts';
import type { DigitalOceanPlan } from './plan.ts';
import { createPool } from './pool.ts';
import { apiDestination, faultOf, noOutages, storeDestination } from './services.ts';
import { withStaleLists } from './stale-lists.ts';
import type { DigitalOceanStep } from './step.ts';
import { createTruth } from './truth.ts';

/** As DigitalOcean has it. */
const RATES = { hour: 5_000, minute: 250 };
const FULL_CPU = TARGET_CPU * FULL;
/** The last node is nearly as full as it may be: a pool that is one too small grows. */
const BELOW = 0.15;
const FINDINGS = [
  'unheard',
  'never-came-up',
  'forged-status',
  'unsigned-status',
  'outdated-status',
  'cannot-grow',
  'name-shared',
  'outside-protected',
  'outside-stopped',
  'empty-kept',
  'decision-unknown',
  'account-unknown',
  'announced-unknown',
  'tag-lost',
];
const TOLD = ['decided', 'takenOut', 'marked', 'removed', 'made', 'excess', 'held', 'failures'];

/** A pool on the twin DigitalOcean, with machines in memory and the orchestrator beside it, in virtual time. */
export function createDigitalOceanWorld(plan: DigitalOceanPlan, kit: WorldKit): World<DigitalOceanStep> {
  const { clock, tell } = kit;
  const model = modelOf();
  const begunAt = clock.now();
  const cloudClock = cloudClockOf(clock);
  const apiNow = () => clock.now() + plan.apiOffsetMs;
  const storeNow = () => clock.now() + plan.storeOffsetMs;
  const outages = noOutages();
  const fault = createOneFault<OceanFaulty>(faultOf(outages, clock.now));
  const lists = withStaleLists(createObjects(storeNow), clock.now);
  const { objects } = lists;
  const refuse = ({ action, resource, why }: { action: string; resource: string; why: string }) =>
    tell({ kind: 'refused', what: `${action} on ${resource}: ${why}` });
  const load = createLoad({ needed: plan.needed, fullCpu: FULL_CPU, below: BELOW });
  const log = createFunctionLog(kit, { name: 'orchestrator', findings: FINDINGS, told: TOLD });
  const hearsay: Hearsay<Droplet> = createHearsay<Droplet>({
    idOf: ({ id }) => String(id),
    createdAt: ({ launchedAt }) => begunAt + launchedAt,
    now: clock.now,
    fullCpu: FULL_CPU,
    minServing: plan.min,
    // Who has never spoken is held to be about to come.
    leastUnheard: (droplet) => (hearsay.hasSpoken(droplet) ? 1 : 0),
  });
  const members = createMembers({
    plan,
    kit,
    load,
    fault,
    store: () => store,
    functionFor: ({ droplet, node }) =>
      functions.destinationFor(() =>
        tell({ kind: 'woken', node: node.id, saidEmpty: hearsay.saysEmpty(droplet) }),
      ),
  });
  const isDecided = ({ id }: Droplet) => decisions.isDecided(String(id));
  const functions = createFunctions({
    plan,
    kit,
    write: log.write,
    send: kit.senderOf('functions', (url) => {
      if (url.origin === API) return api;
      return url.origin === SPACES ? store : undefined;
    }),
  });
  const reach = { tamperedAt: Number.NEGATIVE_INFINITY, accountFullUntil: 0 };
  const accountLimit = () => (clock.now() < reach.accountFullUntil ? 0 : plan.accountLimit);
  const truth = createTruth({
    plan,
    clock,
    members,
    present: () => pool.present(),
    hearsay,
    objects,
    load,
    isDecided,
    readSince: functions.readSince,
    blindAt: functions.blindAt,
    tamperedAt: () => reach.tamperedAt,
    accountLimit,
  });
  const pool = createPool({ kit, cloudClock, wallClock: apiNow, members, isDecided, ...truth });
  const tags = createTagBook(pool);
  const decisions = createDecisionBook({
    tell,
    find({ node: name, machine }) {
      const member = members.named(name);
      if (member === undefined || String(member.droplet.id) !== machine) return undefined;
      const { droplet, node } = member;
      if (droplet.isGone) return undefined;
      return {
        node,
        machine,
        // What is off hears of nothing.
        isTold: droplet.stoppedAt === undefined,
        whyUnfounded() {
          const since = functions.readSince();
          // Who was counted may be gone by now.
          if (pool.lastLossAt() >= since) return undefined;
          const candidates = pool.present().filter((each) => !isDecided(each) && each.status !== 'off');
          return hearsay.whyUnfounded(droplet, candidates, since);
        },
        mark() {
          droplet.decided = true;
        },
      };
    },
  });
  const forger = createForger({ objects, members, clock });
  objects.onWrite((bucket, { key, body }) => {
    if (bucket === BUCKETS.statuses && !forger.isAtWork()) {
      hearsay.wrote(body.toString(), clock.now());
      forger.overhear(key);
    }
    decisions.wrote(key, body);
  });
  const changes = changesOf({ tags: [], buckets: [], objects: [] }, model);
  tags.provision(changes.tags);
  objects.provision(changes.buckets, changes.objects);
  const front = { tokens: createTokens(), faults: fault, refuse, deny: refuse };
  const api = apiDestination({
    fault,
    outages,
    clock,
    offsetMs: plan.apiOffsetMs,
    answer: createApi({
      ...front,
      endpoint: API,
      model: () => model,
      droplets: pool,
      tags,
      dropletLimit: accountLimit,
      rates: createRates(cloudClock.now, RATES),
      functions: () => undefined,
    }),
  });
  const store = storeDestination({
    fault,
    outages,
    clock,
    objects,
    region: () => model.place.spacesRegion,
    keys: () => model.spacesKeys,
    refuse,
    now: storeNow,
  });

  const schedule = startSchedule(clock, () => void functions.wake());
  // The pool is made when its stack is; the first minute is not worth its time.
  clock.after(1_000, () => void functions.wake());
  const nodes = () =>
    members.all().map(({ droplet, node }): NodeInWorld => ({ node, standing: standingOf(droplet) }));

  function standingOf(droplet: Droplet): Standing {
    if (droplet.isGone) return 'gone';
    if (droplet.stoppedAt !== undefined || droplet.status === 'off') return 'stopped';
    if (isDecided(droplet)) return 'leaving';
    return droplet.tags.includes(DRAINING_TAG) || !droplet.tags.includes(POOL_TAG) ? 'kept' : 'in';
  }

  return {
    nodes,
    apply(step) {
      applyDigitalOceanStep(step, {
        ...{ clock, members, pool, tags, load, outages, functions, schedule, lists, forger, hearsay, nodes },
        own: reach,
      });
    },
    alarms: log.alarms,
    unsettled: truth.unsettled,
  };
}
