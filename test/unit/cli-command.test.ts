import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readArguments } from '../../cli/arguments.ts';
import { fleet } from '../../cli/fleet.ts';
import { readAddress } from '../../cli/stack/read-address.ts';
import { readSecrets } from '../../cli/stack/read-secrets.ts';
import { poolAddress } from '../support/pool-address.ts';
import { captured } from './support/captured.ts';

const selected = { kind: 'pulumi', stack: undefined };

describe('what is typed behind fleet', () => {
  const rows: [string, object][] = [
    ['', { kind: 'help', of: undefined }],
    ['--help', { kind: 'help', of: undefined }],
    ['help', { kind: 'help', of: undefined }],
    ['--version', { kind: 'version' }],
    ['status --version', { kind: 'version' }],
    ['help roll', { kind: 'help', of: 'roll' }],
    ['remove --all --help', { kind: 'help', of: 'remove' }],
    ['status', { kind: 'status', once: false, everyMs: 3_000, source: selected, json: false }],
    [
      'status --stack aws --json --once --every 10',
      {
        kind: 'status',
        once: true,
        everyMs: 10_000,
        source: { kind: 'pulumi', stack: 'aws' },
        json: true,
      },
    ],
    [
      'explain i-1 --outputs o.json',
      { kind: 'explain', node: 'i-1', source: { kind: 'file', path: 'o.json' }, json: false },
    ],
    [
      'remove i-1',
      {
        kind: 'remove',
        node: 'i-1',
        replace: false,
        wait: false,
        reason: undefined,
        source: selected,
        json: false,
      },
    ],
    [
      'remove i-1 --replace --wait --reason idle --json',
      {
        kind: 'remove',
        node: 'i-1',
        replace: true,
        wait: true,
        reason: 'idle',
        source: selected,
        json: true,
      },
    ],
    [
      'remove --all --to-zero --yes --stack aws',
      {
        kind: 'remove-all',
        toZero: true,
        yes: true,
        wait: false,
        reason: undefined,
        source: { kind: 'pulumi', stack: 'aws' },
        json: false,
      },
    ],
    ['roll --wait', { kind: 'roll', wait: true, reason: undefined, source: selected, json: false }],
  ];
  for (const [typed, given] of rows) {
    it(`"${typed}" is understood`, () => {
      assert.deepEqual(readArguments(typed.split(' ').filter(Boolean)), given);
    });
  }

  const wrong: [string, RegExp][] = [
    ['stat', /no command "stat"/],
    ['--json', /--json of which command\? There are status, explain/],
    ['remove a --reason --yes', /argument is ambiguous(\n|$)/],
    ['explain', /needs the name of a node/],
    ['explain a b', /takes one node/],
    ['status a', /takes no words/],
    ['status --every 0', /--every 0/],
    ['status --nonsense', /--nonsense/],
    ['status --stack a --outputs b', /two ways/],
    ['status --wait', /status has no --wait/],
    ['roll --replace', /roll has no --replace/],
    ['help nonsense', /no command "nonsense"/],
    ['remove', /needs the name of a node, or --all/],
    ['remove a b', /takes one node/],
    ['remove a --all', /takes no a/],
    ['remove a --to-zero', /--to-zero goes with --all/],
    ['remove a --yes', /--yes goes with --all/],
    ['remove --all --replace', /replaced by roll/],
    ['remove a --reason=', /says nothing/],
    [`remove a --reason ${'x'.repeat(301)}`, /301 characters/],
    ['roll a', /takes no words/],
  ];
  for (const [typed, told] of wrong) {
    it(`"${typed}" is wrong, and says why`, async () => {
      const command = readArguments(typed.split(' '));
      assert.equal(command.kind, 'wrong');
      assert.match(command.kind === 'wrong' ? command.problem : '', told);
      const { code, err } = await run(typed.split(' '));
      assert.equal(code, 2);
      assert.match(err, told);
    });
  }
});

async function run(
  argv: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { console, texts } = captured({ environment });
  const code = await fleet(argv, console);
  return { code, ...texts };
}

describe('where the pool is', () => {
  const address = poolAddress('digitalocean');
  const asked = (text: string, stack?: string) => {
    const calls: string[][] = [];
    const given = readAddress({ kind: 'pulumi', stack }, async (args) => {
      calls.push(args);
      return text;
    });
    return { given, calls };
  };

  it('is an output of the stack that is named', async () => {
    const { given, calls } = asked(JSON.stringify({ cloud: 'digitalocean', address }), 'ocean');
    assert.deepEqual(await given, address);
    assert.deepEqual(calls, [['stack', 'output', '--json', '--non-interactive', '--stack', 'ocean']]);
  });

  const wrong: [string, string, RegExp][] = [
    ['no outputs', '{}', /no output `address`.*has `pulumi up` run/],
    ['no JSON', 'error: no stack', /not what `pulumi stack output --json` writes/],
    ['an address of another version', JSON.stringify({ address: { ...address, v: 2 } }), /run `pulumi up`/],
    ['an unknown cloud', JSON.stringify({ address: { ...address, cloud: 'x' } }), /run `pulumi up`/],
  ];
  for (const [what, text, told] of wrong) {
    it(`is told to be missing where the stack has ${what}`, async () => {
      await assert.rejects(asked(text).given, told);
    });
  }

  it('is not guessed where the file cannot be read', async () => {
    const { code, err } = await run(['status', '--outputs', '/nonexistent/outputs.json']);
    assert.equal(code, 1);
    assert.match(err, /cannot be read from \/nonexistent\/outputs\.json/);
  });

  it('is read from a file as it is named where the command was typed', async () => {
    const { err } = await run(['status', '--outputs', 'o.json'], { INIT_CWD: '/nonexistent/typed-here' });
    assert.match(err, /cannot be read from \/nonexistent\/typed-here\/o\.json/);
  });
});

describe('the secrets of a stack', () => {
  const secrets = {
    spacesAccessKeyId: 'k',
    spacesSecretAccessKey: 'VERY-SECRET',
    poolSecret: 'p'.repeat(32),
  };
  const asked = (outputs: unknown, stack?: string) => {
    const calls: string[][] = [];
    const given = readSecrets({ kind: 'pulumi', stack }, async (args) => {
      calls.push(args);
      return JSON.stringify(outputs);
    });
    return { given, calls };
  };

  for (const [what, written] of [
    ['as an object', secrets],
    ['as its text', JSON.stringify(secrets)],
  ] as const) {
    it(`are told by Pulumi where they are asked for: ${what}`, async () => {
      const { given, calls } = asked({ operatorSecrets: written }, 'ocean');
      assert.deepEqual(await given, secrets);
      assert.deepEqual(calls, [
        ['stack', 'output', '--json', '--non-interactive', '--show-secrets', '--stack', 'ocean'],
      ]);
    });
  }

  const wrong: [string, unknown, RegExp][] = [
    ['missing', {}, /no output `operatorSecrets`: run `pulumi up`/],
    ['hidden', { operatorSecrets: '[secret]' }, /hides its secrets.*--show-secrets/],
    ['others', { operatorSecrets: { ...secrets, poolSecret: 'short' } }, /of another version/],
  ];
  for (const [what, outputs, told] of wrong) {
    it(`are said to be ${what}, and appear in no error`, async () => {
      await assert.rejects(asked(outputs).given, (error: Error) => {
        assert.match(error.message, told);
        assert.ok(!error.message.includes('VERY-SECRET'));
        return true;
      });
    });
  }
});
