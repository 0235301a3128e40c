import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sweepPool } from '../../providers/sweep-loop.ts';
import type { SweepPlan, SweptMachine } from '../../providers/sweep-plan.ts';
import { ago, fresh, NOW } from './support/fleet.ts';

const nameOf = (index: number) => `n-${String(index).padStart(2, '0')}`;

function machine(index: number, says: Parameters<typeof fresh>[1]): SweptMachine {
  const node = nameOf(index);
  return { node, zone: 'a', state: 'on', reading: fresh(node, says) };
}

const CALL = { rooms: 1, people: 2 };

interface Sweeping {
  /** What is planned in one round after the other; the last stays. */
  plans: SweepPlan<string>[];
  onDestroy?: 'refuse' | 'cut';
  stepMs?: number;
}

/** Time passes in steps and in `sleep`. */
async function sweepBy({ plans, onDestroy = 'refuse', stepMs = 0 }: Sweeping) {
  let now = NOW;
  let round = 0;
  let under = 0;
  let mostUnder = 0;
  const said: { text: string; afterMs: number }[] = [];
  const done: string[][] = [];
  const ended = await sweepPool<number, string>({
    pool: { pool: 'media', group: 'GROUP', region: 'REGION', drainFirst: [] },
    onDestroy,
    read: async () => round++,
    plan: (read) => plans[Math.min(read, plans.length - 1)] ?? { kind: 'done' },
    async carryOut(step) {
      const of = round - 1;
      under += 1;
      mostUnder = Math.max(mostUnder, under);
      await Promise.resolve();
      now += stepMs;
      under -= 1;
      done[of] = [...(done[of] ?? []), step];
    },
    isOfWhole: (step) => step === 'whole',
    isHopeless: () => false,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    say: (text) => said.push({ text, afterMs: now - NOW }),
    deadlineMs: 20 * 60_000,
  }).catch((error: Error) => error);
  return { said, done, ended, mostUnder };
}

const waitsFor = (...waited: SweptMachine[]): SweepPlan<string> => ({
  kind: 'sweep',
  steps: [],
  waitsFor: waited,
});

describe('the rounds of a sweep', () => {
  it('say at once of a call that keeps a node, once, and then each minute', async () => {
    const busy = machine(1, { phase: 'draining', since: ago(0), work: CALL });
    const { said } = await sweepBy({ plans: [waitsFor(machine(1, {})), waitsFor(busy)] });
    const [first, second] = said;
    assert.ok(first !== undefined && first.afterMs < 2_000, `after ${first?.afterMs} ms`);
    assert.match(first.text, /1 machine is still there\. The destroy waits for it, for 20 min at most/);
    assert.match(first.text, /\n {2}n-01 \(a, on\): draining, 1 rooms, 2 people/);
    assert.ok(second !== undefined && second.afterMs - first.afterMs >= 60_000);
    assert.ok(said.length <= 20, `${said.length} times in 20 min`);
  });

  it('name who has calls first, of many that are still there', async () => {
    const many = Array.from({ length: 20 }, (_, index) => machine(index, index === 17 ? { work: CALL } : {}));
    const { said } = await sweepBy({ plans: [waitsFor(...many)] });
    const lines = said[0]?.text.split('\n') ?? [];
    assert.match(lines[1] ?? '', /n-17 .*: serving, 1 rooms, 2 people/);
    assert.match(lines.at(-1) ?? '', /and 10 more/);
  });

  it('say nothing at once where calls are cut: that is said already', async () => {
    const plans = [waitsFor(machine(1, { work: CALL })), { kind: 'done' } as const];
    const { said } = await sweepBy({ plans, onDestroy: 'cut' });
    assert.equal(said.length, 1);
    assert.match(said[0]?.text ?? '', /is destroyed with every call/);
  });

  it('end nobody by a word that has become old while others were ended: what is left is planned anew', async () => {
    const steps = Array.from({ length: 30 }, (_, index) => nameOf(index));
    const plan: SweepPlan<string> = { kind: 'sweep', steps: ['whole', ...steps], waitsFor: [machine(1, {})] };
    const { done, mostUnder, ended } = await sweepBy({
      plans: [plan, { kind: 'done' }],
      stepMs: 1_000,
    });
    assert.equal(ended, undefined);
    assert.deepEqual(done[0]?.slice(0, 2), ['whole', 'n-00']);
    assert.ok((done[0]?.length ?? 0) < 20, `${done[0]?.length} of 31 in one round`);
    assert.ok(mostUnder > 1 && mostUnder <= 8, `${mostUnder} at once`);
  });
});
