import { tryFleet } from '../support/fleet-cli/try-fleet.ts';
import { gcpPerson } from '../support/fleet-person.ts';
import { GCP_LIFE } from '../support/pulumi-life/gcp.ts';

tryFleet({ ...GCP_LIFE, person: gcpPerson });
