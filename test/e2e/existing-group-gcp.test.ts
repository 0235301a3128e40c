import { GCP_LOAN } from '../support/existing-group/gcp.ts';
import { loanOf } from '../support/existing-group/loan.ts';

loanOf(GCP_LOAN);
