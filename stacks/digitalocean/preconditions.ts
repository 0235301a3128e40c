import * as pulumi from '@pulumi/pulumi';
import { createRealClock } from '../../fleet/clock.ts';
import { createDigitalOceanClient } from '../../fleet/digitalocean/client.ts';
import { operatorToken } from '../../fleet/digitalocean/operator-token.ts';
import { describeError } from '../../fleet/error.ts';
import { configKey, type Problem, SettingsError } from '../settings-errors.ts';
import { type AccountRead, type AccountReading, readAccount, type WantedOfAccount } from './account.ts';
import { accountProblems, accountWarnings } from './account-rules.ts';
import { DEFAULT_IMAGE } from './machine.ts';
import type { DigitalOceanNames } from './names.ts';
import { lackedBy, ORCHESTRATOR_SCOPES, STACK_SCOPES } from './scopes.ts';
import type { DigitalOceanSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const TIMEOUT_MS = 30_000;
const TOKEN = 'digitalocean:token';
const ORCHESTRATOR_TOKEN = 'digitaloceanSecrets.orchestratorToken';

/**
 * The operator's token. Whatever would make `up` fail half-way is looked at first, and told at once: rights that the
 * tokens lack, a region without the size, an account without the room, names that are taken.
 */
export async function checkAccount(
  settings: DigitalOceanSettings,
  names: DigitalOceanNames,
  environment: Environment,
): Promise<{ token: string }> {
  const token = findToken(settings, environment);
  const wanted = wantedOf(settings, names);
  const look = (key: string, of: string, reads: AccountRead[]) => lookAt(key, of, wanted, reads, environment);
  const ownToken = settings.digitaloceanSecrets?.orchestratorToken;
  const [stack, orchestrator] = await Promise.all([
    look(TOKEN, token, readsOf(wanted)),
    ownToken === undefined
      ? undefined
      : look(ORCHESTRATOR_TOKEN, ownToken, [
          'account',
          'droplets',
          'tags',
          'image',
          'vpcs',
          ...(wanted.sshKeys.length > 0 ? ['sshKeys' as const] : []),
        ]),
  ]);
  const needed =
    ownToken === undefined ? [...new Set([...STACK_SCOPES, ...ORCHESTRATOR_SCOPES])].sort() : STACK_SCOPES;
  const problems = [
    ...lacking(TOKEN, stack, needed),
    ...(orchestrator === undefined ? [] : lacking(ORCHESTRATOR_TOKEN, orchestrator, ORCHESTRATOR_SCOPES)),
    ...otherTeam(stack, orchestrator),
    ...accountProblems(settings, names, stack.account),
  ];
  if (problems.length > 0) throw new pulumi.RunError(new SettingsError(problems).message);
  for (const reason of stack.unknown)
    await pulumi.log.warn(`whether the account has what the pool needs is not known: ${reason}`);
  for (const { key, says } of accountWarnings(settings, names, stack.account))
    await pulumi.log.warn(`${configKey(key)} ${says}`);
  return { token };
}

function findToken({ digitaloceanProvider }: DigitalOceanSettings, environment: Environment): string {
  try {
    return operatorToken(digitaloceanProvider.token, environment);
  } catch (error) {
    throw new pulumi.RunError(describeError(error));
  }
}

async function lookAt(
  key: string,
  token: string,
  wanted: WantedOfAccount,
  reads: AccountRead[],
  environment: Environment,
): Promise<AccountReading> {
  const client = createDigitalOceanClient({
    token: async () => token,
    environment,
    clock: createRealClock(),
    timeoutMs: TIMEOUT_MS,
  });
  try {
    return await readAccount(client, wanted, reads);
  } catch (error) {
    throw new pulumi.RunError(`${configKey(key)} ${orEnvironment(key)}is of no use: ${describeError(error)}`);
  }
}

function orEnvironment(key: string): string {
  return key === TOKEN ? '(or DIGITALOCEAN_TOKEN) ' : '';
}

function wantedOf({ pool, network, digitalocean, alarms }: DigitalOceanSettings, names: DigitalOceanNames) {
  return {
    tag: names.tag,
    ownerTag: names.ownerTag,
    region: digitalocean.region,
    image: pool.image ?? DEFAULT_IMAGE,
    loadBalancer: digitalocean.loadBalancer !== undefined || network.balancers.length > 0,
    certificate: digitalocean.loadBalancer?.certificate,
    sshKeys: digitalocean.sshKeys,
    alerts: alarms.notify.length > 0,
  };
}

function readsOf(wanted: WantedOfAccount): AccountRead[] {
  const only = (when: boolean, read: AccountRead) => (when ? [read] : []);
  return [
    'account',
    'droplets',
    'tags',
    'regions',
    'sizes',
    'image',
    'vpcs',
    'firewalls',
    'namespaces',
    'spacesKeys',
    ...only(wanted.loadBalancer, 'loadBalancers'),
    ...only(wanted.certificate !== undefined, 'certificates'),
    ...only(wanted.sshKeys.length > 0, 'sshKeys'),
    ...only(wanted.alerts, 'alerts'),
    ...only(wanted.alerts, 'checks'),
  ];
}

function lacking(key: string, { refused }: AccountReading, needed: readonly string[]): Problem[] {
  const lacked = lackedBy(refused, needed);
  if (lacked.length === 0) return [];
  const says = `may not do what the pool needs: it lacks ${lacked.join(', ')}. Make a token that has them`;
  return [{ key, says: `${orEnvironment(key)}${says}` }];
}

/** Droplets of another team would be in no network and under no firewall of this pool. */
function otherTeam(stack: AccountReading, orchestrator: AccountReading | undefined): Problem[] {
  const [own, other] = [stack.account.team, orchestrator?.account.team];
  if (own === undefined || other === undefined || own === other) return [];
  return [{ key: ORCHESTRATOR_TOKEN, says: 'is of another team than the token that the stack is made with' }];
}
