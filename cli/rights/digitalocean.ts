import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { neededFor, type Policy, quoted, type Task } from './task.ts';

type Address = PoolAddressOf<'digitalocean'>;

interface Scope {
  task: Task;
  scope: string;
}

interface Grant {
  task: Task;
  bucket: keyof Address['buckets'];
  permission: 'read' | 'readwrite';
}

/** All that `fleet` asks of DigitalOcean's API. */
const TOKEN_SCOPES: readonly Scope[] = [
  { task: 'status', scope: 'droplet:read' },
  // Without it the API shows no tags: nobody would be protected, or on its way out.
  { task: 'status', scope: 'tag:read' },
];

/** And of Spaces, whose keys know buckets and no prefixes. Of two for one bucket the later counts. */
const SPACES_GRANTS: readonly Grant[] = [
  { task: 'status', bucket: 'statuses', permission: 'read' },
  { task: 'status', bucket: 'code', permission: 'read' },
  // Decisions lie there.
  { task: 'remove', bucket: 'code', permission: 'readwrite' },
  // Whoever rolls says so there, and looks who else does.
  { task: 'roll', bucket: 'memory', permission: 'readwrite' },
];

export function digitalOceanPolicy(address: Address, task: Task): Policy {
  const scopes = neededFor(task, TOKEN_SCOPES).map(({ scope }) => scope);
  const permissions = new Map(
    neededFor(task, SPACES_GRANTS).map(({ bucket, permission }) => [address.buckets[bucket], permission]),
  );
  const grants = [...permissions].map(([bucket, permission]) => ({ bucket, permission }));
  const name = `ebbtide-${address.pool}-${task}`;
  const flag = grants.map(({ bucket, permission }) => `bucket=${bucket};permission=${permission}`).join(',');
  return {
    text: JSON.stringify({ token: { scopes }, spacesKey: { name, grants } }, null, 2),
    steps: [
      'An API token with custom scopes, which only the control panel makes (API, Generate New Token, Custom Scopes); the panel adds by itself',
      'what these scopes need. It is told to fleet as DIGITALOCEAN_TOKEN. And a key of Spaces:',
      `$ doctl spaces keys create ${quoted(name)} --grants ${quoted(flag)}`,
      'told as SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY.',
      ...(task === 'status'
        ? []
        : [
            "DigitalOcean bounds a key by buckets: whoever may write decisions may write the pool's software too.",
          ]),
    ],
  };
}
