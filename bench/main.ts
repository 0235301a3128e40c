import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Every measurement of this folder, one after the other, so that none disturbs another. */
const BENCHES = ['agent.ts', 'termination-policy.ts', 'pruner.ts', 'orchestrator.ts', 'rehearsal.ts'];

const failed = BENCHES.filter((name) => {
  console.log(`\n== ${name}`);
  const path = fileURLToPath(new URL(name, import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', path], { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
