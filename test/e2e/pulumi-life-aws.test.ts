import { AWS_LIFE } from '../support/pulumi-life/aws.ts';
import { lifeOf } from '../support/pulumi-life/life.ts';

lifeOf(AWS_LIFE);
