import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Every measurement of this folder, or those that are named, one after the other, so that none disturbs another:
 * `npm run bench -- runbook pruner`.
 */
const BENCHES = ['agent', 'termination-policy', 'pruner', 'runbook', 'orchestrator', 'rehearsal'];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0)
  throw new Error(`no such measurement: ${unknown.join(', ')}; there are ${BENCHES.join(', ')}`);

const failed = (asked.length > 0 ? asked : BENCHES).filter((name) => {
  console.log(`\n== ${name}`);
  const path = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', path], { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
