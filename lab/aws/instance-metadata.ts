import type { MetadataSource } from './imds.ts';
import type { Instance } from './instance.ts';
import { targetState } from './lifecycle.ts';
import type { AwsModel, LaunchTemplate } from './model.ts';
import type { IssuedCredentials, Principals } from './principals.ts';

/** Every machine of the lab is this machine: they differ by their ports. */
export const PRIVATE_IP = '127.0.0.1';

/** Keys are replaced when this little of their life is left. */
const RENEW_AT_SHARE = 0.2;

/** What one instance is told of itself. */
export function metadataOf(
  instance: Instance,
  template: LaunchTemplate,
  model: AwsModel,
  principals: Principals,
  credentialsMs: number,
  now: () => number = Date.now,
): MetadataSource {
  const role = model.roles.find(({ name }) => name === template.role);
  let keys: IssuedCredentials | undefined;

  function credentials(): IssuedCredentials | undefined {
    if (!role) return undefined;
    if (!keys || keys.expiresAt - now() < credentialsMs * RENEW_AT_SHARE) {
      keys = principals.issue({ role, session: instance.id, instance: instance.id }, credentialsMs);
    }
    return keys;
  }

  return {
    instanceId: instance.id,
    zone: instance.zone,
    region: model.region,
    privateIp: PRIVATE_IP,
    instanceType: template.instanceType,
    tokensRequired: template.metadata.tokensRequired,
    tags: () => (template.metadata.tagsEnabled ? instance.tags : undefined),
    targetState: () => targetState(instance.life.state),
    spotDeadline: () => instance.spotDeadline,
    rebalanceNoticedAt: () => instance.rebalanceNoticedAt,
    role: role?.name,
    credentials,
  };
}
