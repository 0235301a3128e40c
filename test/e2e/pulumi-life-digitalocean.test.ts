import { DIGITALOCEAN_LIFE } from '../support/pulumi-life/digitalocean.ts';
import { lifeOf } from '../support/pulumi-life/life.ts';

lifeOf(DIGITALOCEAN_LIFE);
