import { testCloud } from '../support/chaos.ts';

testCloud('digitalocean', { drains: 900 });
