import { tryFleet } from '../support/fleet-cli/try-fleet.ts';
import { azurePerson } from '../support/fleet-person.ts';
import { AZURE_LIFE } from '../support/pulumi-life/azure.ts';

tryFleet({ ...AZURE_LIFE, person: azurePerson });
