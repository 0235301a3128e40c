import { AWS_LOAN } from '../support/existing-group/aws.ts';
import { loanOf } from '../support/existing-group/loan.ts';

loanOf(AWS_LOAN);
