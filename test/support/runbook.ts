import { fileURLToPath } from 'node:url';

export const RUNBOOK = fileURLToPath(new URL('../../functions/azure/scale-in/scale_in.py', import.meta.url));
