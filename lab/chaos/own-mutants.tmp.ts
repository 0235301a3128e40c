import { GCP_GUARDS } from '/tmp/wt/g-chaos/lab/chaos/gcp/guards.ts';
import { runMutants } from '/tmp/wt/g-chaos/lab/chaos/mutants.ts';

await runMutants(GCP_GUARDS, { cloud: 'gcp', runs: Number(process.argv[2]), seed: 1 }, (line) =>
  console.log(line),
);
