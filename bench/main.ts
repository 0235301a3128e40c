import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Every measurement of this folder, or those that are named, one after the other, so that none disturbs another:
 * `npm run bench -- runbook pruner`. Those of the clouds' functions measure a table of sizes, or one: `--nodes 10000`.
 */
const BENCHES = [
  'agent',
  'termination-policy',
  'watcher',
  'pruner',
  'runbook',
  'orchestrator',
  'fleet',
  'rehearsal',
];

const { values, positionals: asked } = parseArgs({
  options: { nodes: { type: 'string' } },
  allowPositionals: true,
});
if (values.nodes !== undefined && !(Number.isInteger(Number(values.nodes)) && Number(values.nodes) > 0))
  throw new Error(`--nodes ${values.nodes}: must be a number of nodes`);
const size = values.nodes === undefined ? [] : ['--nodes', values.nodes];
const unknown = asked.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0)
  throw new Error(`no such measurement: ${unknown.join(', ')}; there are ${BENCHES.join(', ')}`);

const failed = (asked.length > 0 ? asked : BENCHES).filter((name) => {
  console.log(`\n== ${name}`);
  const path = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', path, ...size], { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
