import assert from 'node:assert/strict';
import { Ports } from '../../lab/instance/ports.ts';
import type { DockerEngine } from '../../node-agent/runtime/docker-engine.ts';
import { type EngineUnderTest, podmanIsMissing, startPodman } from '../support/engines.ts';
import { type ImageRegistry, startImageRegistry } from '../support/image-registry.ts';

const missing = podmanIsMissing();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
const UNKNOWN = `sha256:${'0'.repeat(64)}`;

describe(`an image is fetched by its digest: podman, from a registry${skipped}`, () => {
  let registry: ImageRegistry | undefined;
  let under: EngineUnderTest | undefined;

  beforeEach(async function () {
    if (missing !== undefined) return this.skip();
    registry = await startImageRegistry(await new Ports().take());
    under = await startPodman([], registry.address);
  });
  afterEach(async () => {
    await under?.close();
    await registry?.close();
  });

  function given(): { registry: ImageRegistry; engine: DockerEngine } {
    assert.ok(registry !== undefined && under !== undefined);
    return { registry, engine: under.engine };
  }

  it('it is not there before, and is there then', async () => {
    const { registry, engine } = given();
    assert.equal(await engine.hasImage(registry.image), false);
    await engine.pull(registry.image, 20_000);
    assert.equal(await engine.hasImage(registry.image), true);
  });

  it('one that the registry does not have', async () => {
    const { registry, engine } = given();
    const unknown = registry.image.replace(/sha256:.*/, UNKNOWN);
    await assert.rejects(engine.pull(unknown, 20_000), /manifest unknown/);
    assert.equal(await engine.hasImage(unknown), false);
  });

  it('one whose bytes are not what its digest says', async () => {
    const { registry, engine } = given();
    registry.corrupt();
    await assert.rejects(engine.pull(registry.image, 20_000), /could not be fetched: /);
    assert.equal(await engine.hasImage(registry.image), false);
  });
});
