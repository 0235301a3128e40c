import { type BootEnd, boot } from './boot.ts';
import type { ConnectSource } from './boot-source.ts';

/** What the script that runs this goes by: 3 says that there is no agent. */
const EXIT_CODES: Readonly<Record<BootEnd, number>> = { all: 0, 'agent-only': 0, some: 1, none: 3 };

/** The composition root of the program that user-data carries: `node boot.cjs`, as root, when a node starts. */
export function runBoot(connect: ConnectSource): void {
  boot({
    root: process.env.EBBTIDE_ROOT ?? '',
    environment: process.env,
    connect,
    retry: { firstMs: 1_000, longestMs: 15_000, forMs: 600_000 },
    log: (level, event, details) => {
      process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...details })}\n`);
    },
  }).then((end) => {
    process.exitCode = EXIT_CODES[end];
  });
}
