import { hasPython } from '../../lab/azure/automation/python.ts';
import { testCloud } from '../support/chaos.ts';

// Its runbook is a program of its own, which costs more than what runs in this process.
testCloud('azure', { drains: 300, runs: 400, canRun: hasPython });
