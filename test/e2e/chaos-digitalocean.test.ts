import { testCloud } from '../support/chaos.ts';

// Its functions make droplets as well as end them: each schedule has about twice as many requests as those of other clouds.
testCloud('digitalocean', { drains: 330, runs: 400 });
