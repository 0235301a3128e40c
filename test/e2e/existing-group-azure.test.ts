import { AZURE_LOAN } from '../support/existing-group/azure.ts';
import { loanOf } from '../support/existing-group/loan.ts';

loanOf(AZURE_LOAN);
