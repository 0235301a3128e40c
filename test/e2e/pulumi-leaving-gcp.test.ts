import { GCP_LIFE } from '../support/pulumi-life/gcp.ts';
import { leavingOf } from '../support/pulumi-life/leaving.ts';

leavingOf(GCP_LIFE);
