import { AZURE_LIFE } from '../support/pulumi-life/azure.ts';
import { lifeOf } from '../support/pulumi-life/life.ts';

lifeOf(AZURE_LIFE);
