import type { Instance } from '../compute/instance.ts';
import type { FunctionModel, GcpModel } from '../model.ts';
import type { AccessToken, Principals } from '../principals.ts';
import type { MetadataSource } from './service.ts';
import type { Tree } from './tree.ts';

/** Every machine of the lab is this machine: they differ by their ports. */
export const PRIVATE_IP = '127.0.0.1';

/** A token is replaced when it has this little left; Google's metadata server keeps it about as long. */
const RENEW_BEFORE_MS = 300_000;

export interface SourceOptions {
  model: () => GcpModel;
  principals: Principals;
  /** How long a token is valid, in real ms. */
  tokensMs: number;
  /** Real time, ms since the epoch. */
  now(): number;
}

/** What a machine is told of itself. */
export function machineSource(instance: Instance, options: SourceOptions): MetadataSource {
  const { name, id, zone, template, listeners } = instance;
  const account = template.serviceAccount;
  return {
    instance: name,
    tree: () => {
      const { project, projectNumber } = options.model();
      return {
        instance: {
          id,
          name,
          hostname: `${name}.${zone}.c.${project}.internal`,
          zone: `projects/${projectNumber}/zones/${zone}`,
          'machine-type': `projects/${projectNumber}/machineTypes/${template.machineType}`,
          preempted: instance.preempted ? 'TRUE' : 'FALSE',
          'maintenance-event': instance.maintenance,
          attributes: { ...instance.metadata },
          'network-interfaces': { '0': { ip: PRIVATE_IP } },
          scheduling: {
            'automatic-restart': template.spot ? 'FALSE' : 'TRUE',
            'on-host-maintenance': template.onHostMaintenance,
            preemptible: template.spot ? 'TRUE' : 'FALSE',
          },
          ...accounts(account?.email, account?.scopes),
        },
        project: { 'project-id': project, 'numeric-project-id': projectNumber, attributes: {} },
      };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...tokens(account?.email, name, options),
  };
}

/** What a function is told of itself: it is always the same. */
export function functionSource(fn: FunctionModel, options: SourceOptions): MetadataSource {
  return {
    instance: undefined,
    tree: () => {
      const { project, projectNumber, region } = options.model();
      return {
        instance: {
          id: `0069c7a988${fn.name.length}`,
          region: `projects/${projectNumber}/regions/${region}`,
          ...accounts(fn.serviceAccount, ['https://www.googleapis.com/auth/cloud-platform']),
        },
        project: { 'project-id': project, 'numeric-project-id': projectNumber },
      };
    },
    onChange: () => () => undefined,
    ...tokens(fn.serviceAccount, undefined, options),
  };
}

function accounts(email: string | undefined, scopes: readonly string[] = []): Tree {
  if (email === undefined) return { 'service-accounts': {} };
  const account = { aliases: 'default', email, scopes: `${scopes.join('\n')}\n` };
  return { 'service-accounts': { default: account, [email]: account } };
}

function tokens(
  email: string | undefined,
  instance: string | undefined,
  { principals, tokensMs, now }: SourceOptions,
): Pick<MetadataSource, 'accessToken' | 'identityToken'> {
  let last: AccessToken | undefined;
  const who = instance === undefined ? {} : { instance };
  return {
    accessToken() {
      if (email === undefined) return undefined;
      if (last === undefined || last.expiresAt - now() < Math.min(RENEW_BEFORE_MS, tokensMs / 5)) {
        last = principals.issue({ email, isOperator: false, ...who }, tokensMs);
      }
      return { token: last.token, expiresInS: Math.floor((last.expiresAt - now()) / 1000) };
    },
    identityToken: (audience) =>
      email === undefined ? undefined : principals.identify({ email, audience, ...who }),
  };
}
