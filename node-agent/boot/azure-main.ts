import { connectAzure } from './azure-source.ts';
import { runBoot } from './run-boot.ts';

runBoot(connectAzure);
