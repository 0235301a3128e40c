import { createMachineBook, type MachinesOptions, type OpenBook } from '../../cloud/machines.ts';
import { createDroplet, type Droplet, type DropletSpec, standingOf } from './droplet.ts';

/** From the order to `active`, and from the deletion to the end of the machine, by the cloud's clock. */
const NEW_MS = 20_000;
const DELETION_MS = 2_000;

export interface Droplets extends OpenBook<Droplet> {
  create(spec: DropletSpec, by: string): Droplet;
  /** From then on the API knows it no longer; its machine goes a moment later. */
  delete(droplet: Droplet, why: string): void;
  /** The machine is off at once; the droplet stays, and says so. */
  powerOff(droplet: Droplet, why: string): Promise<void>;
  setTags(droplet: Droplet, tags: readonly string[]): void;
  /** What is new stays so, as it happens in a region that is full. */
  holdNew(isHeld: boolean): void;
}

export function createDroplets({ clock, wallClock, emit, start }: MachinesOptions<Droplet>): Droplets {
  const {
    add,
    start: startMachine,
    end,
    ...book
  } = createMachineBook<Droplet>({
    clock,
    emit,
    standingOf,
    placeOf: ({ spec }) => spec.region,
    stateOf: ({ status, tags }) => `${status} (${tags.join(', ')})`,
    start,
  });
  const held = new Set<Droplet>();
  let isHolding = false;
  let lastId = 480_000_000;

  async function begin(droplet: Droplet): Promise<void> {
    if (droplet.isGone || droplet.status !== 'new') return;
    if (isHolding) {
      held.add(droplet);
      return;
    }
    droplet.status = 'active';
    await startMachine(droplet, 'its user-data has run');
    // Whoever deleted it meanwhile found no machine to end.
    if (droplet.isGone) await endOf(droplet, 'deleted while it began');
    else book.tell(droplet, 'the droplet is active');
  }

  async function endOf(droplet: Droplet, why: string): Promise<void> {
    if (await end(droplet)) book.tell(droplet, why);
  }

  return {
    ...book,
    create(spec, by) {
      lastId += 1;
      const droplet = createDroplet(spec, {
        id: lastId,
        createdAt: wallClock(),
        launchedAt: clock.now(),
      });
      const before = wantedOf(book.present());
      add(droplet, `made by ${by}`);
      emit({ kind: 'desired', from: before, to: before + 1, by, why: 'a droplet was asked for' });
      clock.at(clock.now() + NEW_MS, () => void begin(droplet));
      return droplet;
    },
    delete(droplet, why) {
      droplet.isGone = true;
      book.tell(droplet, why);
      clock.at(clock.now() + DELETION_MS, () => void endOf(droplet, why));
    },
    async powerOff(droplet, why) {
      if (!(await end(droplet))) return;
      droplet.status = 'off';
      book.tell(droplet, why);
    },
    setTags(droplet, tags) {
      droplet.tags = tags;
      book.tell(droplet, `its tags are now ${tags.join(', ')}`);
    },
    holdNew(isHeld) {
      isHolding = isHeld;
      const free = isHeld ? [] : [...held];
      for (const droplet of free) {
        held.delete(droplet);
        void begin(droplet);
      }
    },
  };
}

/** How many are to be there: nobody has decided that they go. */
export function wantedOf(droplets: readonly Droplet[]): number {
  return droplets.filter(({ decided, stoppedAt }) => !decided && stoppedAt === undefined).length;
}
