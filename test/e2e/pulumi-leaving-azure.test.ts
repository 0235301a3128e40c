import { AZURE_LIFE } from '../support/pulumi-life/azure.ts';
import { leavingOf } from '../support/pulumi-life/leaving.ts';

leavingOf(AZURE_LIFE);
