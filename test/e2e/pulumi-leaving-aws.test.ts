import { AWS_LIFE } from '../support/pulumi-life/aws.ts';
import { leavingOf } from '../support/pulumi-life/leaving.ts';

leavingOf(AWS_LIFE);
