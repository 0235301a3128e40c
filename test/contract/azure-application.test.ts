import assert from 'node:assert/strict';
import { applyPool } from './support/azure/apply.ts';

describe('the program of stacks/, applied to a twin Azure', function () {
  this.timeout(60_000);
  it('x', async () => {
    const { model, outputs } = await applyPool();
    console.dir(
      {
        ...model,
        blobs: model.blobs.map((b) => [b.container, b.name, b.body.length]),
        runbooks: model.runbooks.map((r) => r.name),
        scaleSets: model.scaleSets.map((s) => ({ ...s, customData: s.customData.length })),
      },
      { depth: 6 },
    );
    console.log(outputs);
    assert.ok(model);
  });
});
