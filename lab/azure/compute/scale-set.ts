import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import type { ScaleSet } from '../model.ts';
import { type Instance, isShielded } from './instance.ts';
import type { Machines } from './machines.ts';
import { createScheduledEvents, type ScheduledEvents } from './scheduled-events.ts';
import { chooseForScaleIn } from './victims.ts';

export interface ScaleSetOptions {
  set: ScaleSet;
  /** In the control run nothing is held up by a notice. */
  mode: 'ebbtide' | 'control';
  clock: CloudClock;
  machines: Machines;
  seed: string;
  emit(happening: Happening): void;
}

/** A scale set that runs: makes as many instances as its capacity says. */
export interface RunningScaleSet {
  /** As it is now. */
  readonly set: ScaleSet;
  readonly events: ScheduledEvents;
  capacity(): number;
  /** Those that its list shows. */
  members(): Instance[];
  begin(): void;
  /** Fewer than it has: those that no one protects go. Rejects, changing nothing, where all are protected. */
  resize(capacity: number, by: string, why: string): void;
  /** Deletes it whatever protects it, after the notice that the set gives; the capacity falls by one. */
  remove(member: Instance, why: string, decision?: { scaleIn: boolean }): Promise<void>;
  /** Taken back, as spot machines are, with half a minute's notice. */
  evict(member: Instance): Promise<void>;
  /** Other rules from now on. Instances stay as they were made (manual upgrades). */
  change(set: ScaleSet): void;
  close(): void;
}

/** How long it takes to delete an instance once nothing holds it up. */
const DELETING_MS = 10_000;
const EVICTION_MS = 30_000;

export function createScaleSet({
  mode,
  clock,
  machines,
  seed,
  emit,
  ...options
}: ScaleSetOptions): RunningScaleSet {
  let set = options.set;
  let capacity = set.capacity;
  let next = 0;
  let open = false;
  const events = createScheduledEvents(clock, seed);

  const members = () => machines.all().filter(({ set: own, isGone }) => own.id === set.id && !isGone);
  const staying = () => members().filter(({ provisioning }) => provisioning !== 'Deleting');

  function reconcile(): void {
    if (!open) return;
    for (let missing = capacity - staying().length; missing > 0; missing--) create();
  }

  function create(): void {
    const zones = set.zones.length === 0 ? [''] : set.zones;
    const counts = zones.map((zone) => staying().filter((each) => each.zone === zone).length);
    const zone = zones[counts.indexOf(Math.min(...counts))] ?? '';
    machines.launch({ id: String(next), zone, set }, `the capacity is ${capacity}`);
    next += 1;
  }

  function setCapacity(to: number, by: string, why: string): void {
    if (to === capacity) return;
    emit({ kind: 'desired', from: capacity, to, by, why });
    capacity = to;
  }

  async function remove(member: Instance, why: string, decision = { scaleIn: false }): Promise<void> {
    if (member.provisioning === 'Deleting') return;
    member.provisioning = 'Deleting';
    member.version += 1;
    machines.decide(member, { ...decision, cause: why });
    setCapacity(capacity - 1, 'api', `${member.name}: ${why}`);
    machines.tell(member, why);
    const { terminateNoticeMs } = set;
    if (mode === 'ebbtide' && terminateNoticeMs !== undefined && member.stoppedAt === undefined) {
      emit({ kind: 'notice', instance: member.name, notice: 'Terminate' });
      await events.schedule(
        { type: 'Terminate', resources: [member.name], source: 'User', description: why },
        terminateNoticeMs,
      );
    }
    await end(member, why);
  }

  function end(member: Instance, why: string): Promise<void> {
    return new Promise((resolve) => {
      clock.at(clock.now() + (mode === 'control' ? 0 : DELETING_MS), () => {
        void machines.powerOff(member, 'stopped', why).then(() => {
          member.isGone = true;
          events.end(member.name);
          resolve();
        });
      });
    });
  }

  return {
    get set() {
      return set;
    },
    events,
    capacity: () => capacity,
    members,
    begin() {
      open = true;
      reconcile();
    },
    resize(to, by, why) {
      const fewer = staying().length - to;
      if (fewer <= 0) {
        setCapacity(to, by, why);
        reconcile();
        return;
      }
      const victims = chooseForScaleIn(
        staying().filter((each) => !isShielded(each)),
        fewer,
      );
      if (victims.length === 0) {
        throw new Error(`${set.name} cannot be ${to}: every instance of it is protected from scale-in`);
      }
      for (const victim of victims) void remove(victim, `scaled in: ${why}`, { scaleIn: true });
    },
    remove,
    async evict(member) {
      machines.decide(member, { scaleIn: false, cause: 'evicted' });
      emit({ kind: 'notice', instance: member.name, notice: 'Preempt' });
      const description = 'the capacity is taken back';
      await events.schedule(
        { type: 'Preempt', resources: [member.name], source: 'Platform', description },
        EVICTION_MS,
      );
      member.provisioning = 'Deleting';
      setCapacity(capacity - 1, 'platform', `${member.name} is evicted`);
      await machines.powerOff(member, 'deallocated', 'evicted');
      member.isGone = true;
      events.end(member.name);
    },
    change(next) {
      set = next;
    },
    close() {
      open = false;
    },
  };
}
