/** What the operator's token must be allowed, as DigitalOcean's control panel calls it. */
export const STACK_SCOPES = [
  'account:read',
  'actions:read',
  'droplet:delete',
  'droplet:read',
  'firewall:create',
  'firewall:delete',
  'firewall:read',
  'firewall:update',
  'function:admin',
  'function:create',
  'function:delete',
  'function:read',
  'function:update',
  'image:read',
  'regions:read',
  'sizes:read',
  'spaces:read',
  'spaces_key:create_credentials',
  'spaces_key:delete',
  'spaces_key:read',
  'spaces_key:update',
  'tag:create',
  'tag:delete',
  'tag:read',
  'vpc:create',
  'vpc:delete',
  'vpc:read',
  'vpc:update',
  // Only where the settings ask for it.
  'certificate:read',
  'load_balancer:create',
  'load_balancer:delete',
  'load_balancer:read',
  'load_balancer:update',
  'monitoring:create',
  'monitoring:delete',
  'monitoring:read',
  'monitoring:update',
  'ssh_key:read',
  'uptime:create',
  'uptime:delete',
  'uptime:read',
  'uptime:update',
] as const;

/** And the orchestrator's. */
export const ORCHESTRATOR_SCOPES = [
  'account:read',
  'actions:read',
  'droplet:create',
  'droplet:delete',
  'droplet:read',
  'droplet:update',
  'image:read',
  'regions:read',
  'sizes:read',
  'tag:create',
  'tag:delete',
  'tag:read',
  'vpc:read',
  // Only where the settings ask for it.
  'ssh_key:read',
] as const;

/**
 * What a token lacks that may not read these. DigitalOcean makes none that may change things of a kind and not read them:
 * so it lacks all that is needed of the kind.
 */
export function lackedBy(refused: readonly string[], needed: readonly string[]): string[] {
  const kinds = new Set(refused.map(kindOf));
  return needed.filter((scope) => kinds.has(kindOf(scope)));
}

function kindOf(scope: string): string {
  return scope.slice(0, scope.indexOf(':'));
}
