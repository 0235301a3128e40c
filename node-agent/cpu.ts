import { cpus } from 'node:os';

/** How busy the machine is, from 0 to 1, since the last question. */
export interface Cpu {
  used(): number;
}

export function createCpu(): Cpu {
  let before = readTimes();
  return {
    used() {
      const now = readTimes();
      const total = now.total - before.total;
      const idle = now.idle - before.idle;
      before = now;
      if (total <= 0) return 0;
      // A virtual machine's idle counter may go back a little.
      return Math.min(1, Math.max(0, Math.round((1 - idle / total) * 100) / 100));
    },
  };
}

function readTimes(): { idle: number; total: number } {
  return cpus().reduce(
    (sum, { times }) => ({
      idle: sum.idle + times.idle,
      total: sum.total + times.idle + times.user + times.sys + times.nice + times.irq,
    }),
    { idle: 0, total: 0 },
  );
}
