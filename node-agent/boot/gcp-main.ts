import { connectGcp } from './gcp-source.ts';
import { runBoot } from './run-boot.ts';

runBoot(connectGcp);
