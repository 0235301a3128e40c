import { GCP_LIFE } from '../support/pulumi-life/gcp.ts';
import { lifeOf } from '../support/pulumi-life/life.ts';

lifeOf(GCP_LIFE);
