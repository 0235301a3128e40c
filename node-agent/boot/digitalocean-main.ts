import { connectDigitalOcean } from './digitalocean-source.ts';
import { runBoot } from './run-boot.ts';

runBoot(connectDigitalOcean);
