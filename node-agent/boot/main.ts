import { boot } from './boot.ts';

/** The composition root of the program that user-data carries: `node boot.cjs`, as root, once on a new node. */
boot({
  root: process.env.EBBTIDE_ROOT ?? '',
  environment: process.env,
  retry: { firstMs: 1_000, longestMs: 15_000, forMs: 600_000 },
  log: (level, event, details) => {
    process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...details })}\n`);
  },
}).then((ok) => {
  process.exitCode = ok ? 0 : 1;
});
