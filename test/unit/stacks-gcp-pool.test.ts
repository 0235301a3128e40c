import { GOOD_GCP, runUnderMocks } from './stacks-mocks.ts';

describe('try', () => {
  it('x', async function () {
    this.timeout(60000);
    for (const preview of [false, true]) {
      const run = await runUnderMocks({ settings: GOOD_GCP, preview });
      for (const r of run.resources)
        if (r.custom) console.log(r.type, r.name, JSON.stringify(r.inputs).slice(0, 600), r.secrets);
    }
  });
});
