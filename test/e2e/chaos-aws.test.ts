import { testCloud } from '../support/chaos.ts';

testCloud('aws', 1_000);
