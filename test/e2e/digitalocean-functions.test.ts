import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { findPulumi, type PulumiResult } from '../../lab/local-stack/pulumi.ts';
import { createFunctionsProject, type FunctionsProject, type Wanted } from '../support/functions-project.ts';
import { type FunctionsTwin, startFunctionsTwin } from '../support/functions-twin.ts';
import { skipWithoutPulumi } from '../support/without-pulumi.ts';

const program = findPulumi(process.env);
const UP = ['up', '--yes', '--skip-preview'];
const SECRETS = { token: 'dop_v1_of-the-function', wakeSecret: 'a secret to wake it by' };

const TRIGGERS = '/v2/functions/namespaces/NAMESPACE/triggers';
const ACTION = '/api/v1/namespaces/_/actions/ebbtide-media/orchestrator';
const PACKAGE = '/api/v1/namespaces/_/packages/ebbtide-media';
const NAMESPACES = '/v2/functions/namespaces';

describe('the resources for DigitalOcean Functions, by the real Pulumi CLI', function () {
  this.timeout(360_000);
  let twin: FunctionsTwin;
  let project: FunctionsProject;
  let wanted: Wanted = {
    label: 'ebbtide-media',
    region: 'fra1',
    package: 'ebbtide-media',
    action: 'orchestrator',
    code: 'exports.main = () => ({})',
    timeoutSeconds: 60,
    trigger: 'minute',
    cron: '* * * * *',
    enabled: true,
    ...SECRETS,
  };

  before(async function () {
    if (program === undefined) {
      return skipWithoutPulumi(this);
    }
    twin = await startFunctionsTwin();
    project = createFunctionsProject(program, twin.environment);
    want({});
    await does('stack', 'init', 'test');
  });
  after(async () => {
    await twin?.close();
    project?.remove();
  });
  beforeEach(() => {
    twin?.changes();
  });
  // Each goes on where the one before it left the stack.
  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      throw new Error('what follows is left out: the stack is not as it expects');
    assert.deepEqual(twin?.refusals, []);
  });

  function want(changed: Partial<Wanted>): void {
    wanted = { ...wanted, ...changed };
    project.want(wanted);
  }
  async function does(...args: string[]): Promise<PulumiResult> {
    const result = await project.pulumi(...args);
    assert.equal(result.code, 0, result.output);
    assertNothingSecret(result.output);
    return result;
  }
  async function fails(...args: string[]): Promise<string> {
    const { code, output } = await project.pulumi(...args);
    assert.notEqual(code, 0, output);
    assertNothingSecret(output);
    return output;
  }

  it('tells in a preview what is wrong, before anything is made', async () => {
    want({ timeoutSeconds: 1_000, wakeSecret: 'short-secret' });
    const output = await fails('preview');
    assert.match(output, /timeoutSeconds value \{1000\} has a problem: it must be from 1 to 900 seconds/);
    assert.match(output, /webSecret: it must have 16 characters or more/);
    assert.ok(!output.includes('short-secret'), 'a secret is told');
    assert.deepEqual(twin.exchanges, []);
    want({ timeoutSeconds: 60, wakeSecret: SECRETS.wakeSecret });
  });

  it('makes them, and changes nothing when it is applied again or refreshed', async () => {
    await does(...UP);
    assert.deepEqual(twin.changes(), [
      `POST ${NAMESPACES}`,
      `PUT ${PACKAGE}`,
      `PUT ${ACTION}`,
      `POST ${TRIGGERS}`,
    ]);
    assert.match((await does(...UP)).output, /5 unchanged/);
    assert.match((await does('refresh', '--yes', '--skip-preview')).output, /5 unchanged/);
    assert.deepEqual(twin.changes(), []);
  });

  it("keeps neither a secret nor anybody's token or key in plain text in its state", async () => {
    const { stdout } = await does('stack', 'export');
    assert.ok(!stdout.includes(twin.environment.DIGITALOCEAN_TOKEN), "the operator's token");
    assert.ok(!stdout.includes(twin.only().namespace.key), "the namespace's key");
    assert.ok(stdout.includes('"ciphertext"'), 'the secrets are there, encrypted');
  });

  it('sets right what somebody has changed by hand', async () => {
    const { action, trigger } = twin.only();
    trigger.isEnabled = false;
    action.version = '0.0.9';
    action.parameters = [];
    await does('refresh', '--yes', '--skip-preview');
    await does(...UP);
    assert.deepEqual(twin.changes(), [`PUT ${ACTION}?overwrite=true`, `PUT ${TRIGGERS}/minute`]);
    assert.deepEqual([twin.only().trigger.isEnabled, twin.only().action.parameters.length], [true, 2]);
  });

  it('changes a function where it is, also where the answer is lost', async () => {
    want({ code: 'exports.main = () => 1' });
    twin.lostAnswers.push(`PUT ${ACTION}?overwrite=true`);
    assert.match(await fails(...UP), /HTTP 502/);
    await does(...UP);
    assert.deepEqual(twin.changes(), [`PUT ${ACTION}?overwrite=true`, `PUT ${ACTION}?overwrite=true`]);
    assert.match((await does(...UP)).output, /5 unchanged/);
  });

  it('makes a trigger of another name anew, the old one gone first', async () => {
    want({ trigger: 'each-minute' });
    await does(...UP);
    assert.deepEqual(twin.changes(), [`DELETE ${TRIGGERS}/minute`, `POST ${TRIGGERS}`]);
  });

  it('makes a trigger of another function anew, of the same name; no trigger is left without one', async () => {
    want({ action: 'another' });
    await does(...UP);
    assert.deepEqual(twin.changes(), [
      `DELETE ${TRIGGERS}/each-minute`,
      `DELETE ${ACTION}`,
      `PUT ${ACTION.replace('orchestrator', 'another')}`,
      `POST ${TRIGGERS}`,
    ]);
    assert.equal(twin.only().trigger.function, 'ebbtide-media/another');
  });

  it('goes on where a creation was done and not answered: nothing is there twice', async () => {
    const { id } = twin.only().namespace;
    want({ trigger: 'minute' });
    twin.lostAnswers.push(`POST ${TRIGGERS.replace('NAMESPACE', id)}`);
    await fails(...UP);
    assert.equal(twin.only().namespace.triggers.size, 1);
    await does(...UP);
    assert.deepEqual([...twin.only().namespace.triggers.keys()], ['minute']);
    assert.match((await does(...UP)).output, /5 unchanged/);
  });

  it('makes again what somebody has deleted', async () => {
    const { namespace } = twin.only();
    namespace.triggers.clear();
    namespace.actions.clear();
    await does('refresh', '--yes', '--skip-preview');
    await does(...UP);
    assert.equal(twin.only().trigger.name, 'minute');
  });

  it('takes nothing for deleted while DigitalOcean does not say so', async () => {
    twin.isAstray = true;
    await fails('refresh', '--yes', '--skip-preview');
    twin.isAstray = false;
    assert.match((await does(...UP)).output, /5 unchanged/);
  });

  it('destroys them one by one, also where an answer is lost, and leaves nothing', async () => {
    const { id } = twin.only().namespace;
    twin.lostAnswers.push(`DELETE ${TRIGGERS.replace('NAMESPACE', id)}/minute`);
    await fails('destroy', '--yes', '--skip-preview');
    assert.equal(twin.model.namespaces.get(id)?.actions.size, 1);
    await does('destroy', '--yes', '--skip-preview');
    assert.equal(twin.model.namespaces.size, 0);
    const { stdout } = await does('stack', 'export');
    assert.ok(!stdout.includes('"urn"'), 'the state has nothing left');
  });
});

function assertNothingSecret(text: string): void {
  for (const secret of Object.values(SECRETS))
    assert.ok(!text.includes(secret), 'a secret is told in plain text');
}
