import { testCloud } from '../support/chaos.ts';

testCloud('gcp', { drains: 900 });
