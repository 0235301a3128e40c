import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import type { CloudRules } from '../../stacks/cloud-rules.ts';
import { CLOUD_RULES, type Settings } from '../../stacks/settings.ts';
import { sharedSections } from '../../stacks/settings-schema.ts';
import { keysOf } from './schema-keys.ts';

function read(file: string): string {
  return readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
}

/** In the documents a key stands as code: whole, without its section, or by its last name in a row of several. */
function isNamed(document: string, path: readonly string[]): boolean {
  return path.some((_, from) => {
    const name = path.slice(from).join('.');
    return document.includes(`\`${name}\``) || document.includes(`## ebbtide:${name}\n`);
  });
}

describe('documents', () => {
  const rules: [string, CloudRules<object, object, unknown, Settings>][] = Object.entries(CLOUD_RULES);
  const settings = keysOf({
    entries: {
      ...sharedSections(CLOUD_RULES.aws.words),
      ...Object.fromEntries(
        rules.flatMap(([cloud, { section, secrets }]) => [
          [cloud, section],
          ...(secrets === undefined ? [] : [[`${cloud}Secrets`, secrets]]),
        ]),
      ),
    },
  });
  const config = keysOf(agentConfigSchema);

  it('know many keys', () => {
    assert.ok(settings.some((path) => path.join('.') === 'digitaloceanSecrets.orchestratorToken'));
    assert.ok(settings.length > 60, String(settings.length));
    assert.ok(config.length > 30, String(config.length));
  });

  it('tell every setting of a stack', () => {
    const document = read('settings.md');
    assert.deepEqual(
      settings.filter((path) => !isNamed(document, path)),
      [],
    );
  });

  it('tell every key of the agent', () => {
    const document = read('agent.md');
    assert.deepEqual(
      config.filter((path) => !isNamed(document, path)),
      [],
    );
  });
});
