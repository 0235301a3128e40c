import { stringify } from 'yaml';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { neededFor, type Policy, quoted, type Task } from './task.ts';

type Address = PoolAddressOf<'gcp'>;

interface GcpRight {
  /** Of the custom role that holds it, and nothing else. */
  what: string;
  title: string;
  task: Task;
  permissions: readonly string[];
  on: 'project' | 'bucket';
  /** Only of objects under these. */
  under?: readonly string[];
}

/** All that `fleet` asks of Google Cloud. */
const GCP_RIGHTS: readonly GcpRight[] = [
  {
    // A list is the project's, and groups know no conditions.
    what: 'sees',
    title: 'sees machines and groups',
    task: 'status',
    permissions: ['compute.instances.list', 'compute.instanceGroupManagers.get'],
    on: 'project',
  },
  {
    // Of an object that is not there, only who may list is told so.
    what: 'lists',
    title: 'lists its bucket',
    task: 'status',
    permissions: ['storage.objects.list'],
    on: 'bucket',
  },
  {
    what: 'reads',
    title: 'reads statuses and decisions',
    task: 'status',
    permissions: ['storage.objects.get'],
    on: 'bucket',
    under: ['statuses', 'decisions'],
  },
  {
    // To overwrite an object is to delete the one before it.
    what: 'decides',
    title: 'writes decisions',
    task: 'remove',
    permissions: ['storage.objects.create', 'storage.objects.delete'],
    on: 'bucket',
    under: ['decisions'],
  },
  {
    // Whoever rolls says so there, and looks who else does.
    what: 'rolls',
    title: 'takes turns at rolling',
    task: 'roll',
    permissions: ['storage.objects.create', 'storage.objects.get'],
    on: 'bucket',
    under: ['memory/rolls'],
  },
];

/** In the printed text it stands for whoever is to have the rights. */
const MEMBER = 'MEMBER';

export function gcpPolicy(address: Address, task: Task): Policy {
  const { project, bucket } = address;
  const given = neededFor(task, GCP_RIGHTS).map((right) => ({
    ...right,
    id: roleId(address, right),
    name: `projects/${project}/roles/${roleId(address, right)}`,
    condition: conditionOf(address, right),
  }));
  const bindingsOn = (place: GcpRight['on']) =>
    given
      .filter(({ on }) => on === place)
      .map(({ name: role, condition }) => ({
        role,
        members: [MEMBER],
        ...(condition === undefined ? {} : { condition }),
      }));
  const document = {
    roles: given.map(({ name, title, permissions }) => ({
      name,
      title: titleOf(address, title),
      stage: 'GA',
      includedPermissions: [...permissions],
    })),
    policies: [
      { resource: `projects/${project}`, bindings: bindingsOn('project') },
      { resource: `gs://${bucket}`, bindings: bindingsOn('bucket') },
    ],
  };
  return {
    text: stringify(document, { lineWidth: 0 }).trimEnd(),
    steps: [
      `Custom roles, and where each is given: the same by the command line, with whoever is to have it in place of ${MEMBER}`,
      '(user:ann@example.org, group:…, serviceAccount:…):',
      ...given.map(
        ({ id, title, permissions }) =>
          `$ gcloud iam roles create ${id} --project=${project} --title=${quoted(titleOf(address, title))} --permissions=${permissions.join(',')}`,
      ),
      ...given.map(({ name: role, on, condition }) => {
        const to = on === 'project' ? `projects add-iam-policy-binding ${project}` : bucketBinding(bucket);
        return `$ gcloud ${to} --member=${MEMBER} --role=${role} --condition=${flagOf(condition)}`;
      }),
    ],
  };
}

interface Condition {
  title: string;
  expression: string;
}

function conditionOf({ bucket }: Address, { what, under }: GcpRight): Condition | undefined {
  if (under === undefined) return undefined;
  const expression = under
    .map((prefix) => `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}/")`)
    .join(' || ');
  return { title: `${what} ${under.join(', ')}`, expression };
}

/** Commas are in titles: another sign parts what the flag holds. */
function flagOf(condition: Condition | undefined): string {
  if (condition === undefined) return 'None';
  return quoted(`^~^title=${condition.title}~expression=${condition.expression}`);
}

function bucketBinding(bucket: string): string {
  return `storage buckets add-iam-policy-binding gs://${bucket}`;
}

function titleOf({ pool }: Address, title: string): string {
  return `Ebbtide pool ${pool}: ${title}`;
}

/** Letters, digits, points and underscores are all that Google takes. */
function roleId({ pool }: Address, { what }: GcpRight): string {
  return `ebbtide_${pool.replaceAll('-', '_')}_operator_${what}`;
}
