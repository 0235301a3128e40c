import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import {
  alarmOf,
  describeAlarm,
  POOL_ALARMS,
  type PoolAlarm,
  type PoolAlarmName,
} from '../../fleet/pool-alarms.ts';
import { azureRunbook } from '../../stacks/bundle.ts';

const FUNCTIONS = fileURLToPath(new URL('../../functions', import.meta.url));

/** What functions find that needs a person, as their sources say it; in Python, and in TypeScript. */
function findingsInSources(): Set<string> {
  const names = [...azureRunbook().code.matchAll(/found\["([a-z-]+)"\] = /g)].map(([, name]) => name);
  for (const file of readdirSync(FUNCTIONS, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(join(FUNCTIONS, file), 'utf8');
    names.push(...[...text.matchAll(/level: 'warn',\s+name: '([a-z-]+)'/g)].map(([, name]) => name));
  }
  return new Set(names.flatMap((name) => name ?? []));
}

/** What a node tells of itself, as the agent's source says it. */
function alarmsOfAgent(): Set<string> {
  const text = readFileSync(new URL('../../node-agent/core/alarms.ts', import.meta.url), 'utf8');
  return new Set([...text.matchAll(/name: '([a-z-]+)'/g)].flatMap(([, name]) => name ?? []));
}

describe('the list of what a person must hear of', () => {
  const found = findingsInSources();

  it('has all that the function of any cloud finds', () => {
    assert.ok(found.size >= 12, [...found].join(' '));
    for (const name of found) assert.ok(alarmOf({ level: 'warn', name }), `nobody hears of ${name}`);
  });

  it('has nothing that no function finds', () => {
    const listed = Object.values<PoolAlarm>(POOL_ALARMS).flatMap(({ findings }) => findings);
    assert.equal(new Set(listed).size, listed.length);
    const ofNodes = alarmsOfAgent();
    for (const name of listed) {
      if (name === 'node-') continue;
      const own = name.replace(/^node-/, '');
      assert.ok(name === own ? found.has(name) : ofNodes.has(own), name);
    }
  });

  it('says of each what it is and what to do, in few enough words for every cloud', () => {
    for (const name of Object.keys(POOL_ALARMS) as PoolAlarmName[]) {
      const text = describeAlarm(name);
      assert.ok(text.length <= 1024, `${name}: ${text.length}`);
      assert.match(text, /\.$/);
    }
  });

  for (const [level, name, minutes] of [
    ['warn', 'node-ceiling', 3],
    ['warn', 'node-ceiling-reached', 2],
    ['warn', 'unknown', 5],
    ['warn', 'scale-in-refused', 30],
    ['error', 'turn-unknown', 3],
    ['warn', 'unheard-of', undefined],
    ['info', 'unknown', undefined],
  ] as const) {
    it(`calls after ${minutes ?? 'no'} minutes for ${level} ${name}`, () => {
      assert.equal(alarmOf({ level, name })?.minutes, minutes);
    });
  }
});
