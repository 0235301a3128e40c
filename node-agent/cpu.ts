import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** How busy the machine is, from 0 to 1, since the last question. */
export interface Cpu {
  used(): number;
}

/** By EBBTIDE_CPU_FILE a rehearsal, whose machines are all this one, says how busy one pretends to be: 0 to 1. */
export function createCpu(environment: Readonly<Record<string, string | undefined>>): Cpu {
  const { EBBTIDE_CPU_FILE: file } = environment;
  return file ? { used: () => readPretended(file) } : measured();
}

function readPretended(file: string): number {
  return Math.min(1, Math.max(0, Number(readFileSync(file, 'utf8')) || 0));
}

function measured(): Cpu {
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
