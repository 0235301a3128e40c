import { testCloud } from '../support/chaos.ts';

testCloud('aws', { drains: 1_000 });
