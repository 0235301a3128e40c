import { DIGITALOCEAN_LIFE } from '../support/pulumi-life/digitalocean.ts';
import { leavingOf } from '../support/pulumi-life/leaving.ts';

leavingOf(DIGITALOCEAN_LIFE);
