import { connectAws } from './aws-source.ts';
import { runBoot } from './run-boot.ts';

runBoot(connectAws);
