import { tryFleet } from '../support/fleet-cli/try-fleet.ts';
import { oceanPerson } from '../support/fleet-person.ts';
import { DIGITALOCEAN_LIFE } from '../support/pulumi-life/digitalocean.ts';

tryFleet({ ...DIGITALOCEAN_LIFE, person: oceanPerson });
