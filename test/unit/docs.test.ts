import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { awsSection } from '../../stacks/aws/settings.ts';
import { sharedSections } from '../../stacks/settings-schema.ts';

/** Whatever has members: an object, a choice of objects, or one of these inside optional or a pipe. */
function keysOf(schema: unknown, path: string[] = []): string[][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const members: unknown = Reflect.get(schema, 'entries');
  const options: unknown = Reflect.get(schema, 'options');
  const steps: unknown = Reflect.get(schema, 'pipe');
  if (typeof members === 'object' && members !== null) {
    return Object.entries(members).flatMap(([name, member]) => {
      const below = keysOf(member, [...path, name]);
      return below.length > 0 ? below : [[...path, name]];
    });
  }
  if (Array.isArray(options)) return options.flatMap((option) => keysOf(option, path));
  if (Array.isArray(steps)) return keysOf(steps[0], path);
  return keysOf(Reflect.get(schema, 'wrapped'), path);
}

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
  const settings = keysOf({ entries: { ...sharedSections, aws: awsSection } });
  const config = keysOf(agentConfigSchema);

  it('know many keys', () => {
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
