import { testCloud } from '../support/chaos.ts';

testCloud('gcp', 900);
