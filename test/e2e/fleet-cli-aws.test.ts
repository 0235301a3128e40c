import { tryFleet } from '../support/fleet-cli/try-fleet.ts';
import { awsPerson } from '../support/fleet-person.ts';
import { AWS_LIFE } from '../support/pulumi-life/aws.ts';

tryFleet({ ...AWS_LIFE, person: awsPerson });
