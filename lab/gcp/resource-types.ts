import { createHash } from 'node:crypto';
import { hexId } from '../cloud/identifiers.ts';
import type { Created, Inputs } from '../pulumi/resource.ts';
import { digits, type PaperPlace, selfLink } from './identifiers.ts';

type Create = (inputs: Inputs, seed: string, place: PaperPlace) => Created;

/** What the real provider answers for a new resource, beside its inputs. A type that is not here is refused. */
export function creatorOf(type: string): Create | undefined {
  return CREATORS[type];
}

const CREATORS: Readonly<Record<string, Create>> = {
  'gcp:storage/bucket:Bucket': (inputs) => {
    const name = String(inputs.name);
    return {
      id: name,
      outputs: { url: `gs://${name}`, selfLink: `https://www.googleapis.com/storage/v1/b/${name}` },
    };
  },
  'gcp:storage/bucketObject:BucketObject': bucketObject,
  'gcp:storage/bucketIAMMember:BucketIAMMember': member((inputs) => `b/${inputs.bucket}`),
  'gcp:serviceaccount/account:Account': serviceAccount,
  'gcp:projects/iAMCustomRole:IAMCustomRole': (inputs, _seed, { project }) => {
    const name = `projects/${project}/roles/${inputs.roleId}`;
    return { id: name, outputs: { name, deleted: false } };
  },
  'gcp:projects/iAMMember:IAMMember': member((inputs) => String(inputs.project)),
  'gcp:secretmanager/secret:Secret': (inputs, _seed, { project, projectNumber }) => ({
    id: `projects/${project}/secrets/${inputs.secretId}`,
    outputs: { name: `projects/${projectNumber}/secrets/${inputs.secretId}` },
  }),
  'gcp:secretmanager/secretVersion:SecretVersion': (inputs, seed) => {
    const name = `${inputs.secret}/versions/${digits(seed, 3)}`;
    return { id: name, outputs: { name, version: digits(seed, 3) } };
  },
  'gcp:secretmanager/secretIamMember:SecretIamMember': member((inputs) => String(inputs.secretId)),
  'gcp:compute/network:Network': compute('global/networks'),
  'gcp:compute/firewall:Firewall': compute('global/firewalls'),
  'gcp:compute/subnetwork:Subnetwork': compute('subnetworks'),
  'gcp:compute/regionAutoscaler:RegionAutoscaler': compute('autoscalers'),
  'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager': groupManager,
  'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate': instanceTemplate,
  'gcp:artifactregistry/repository:Repository': (inputs, _seed, { project }) => ({
    id: `projects/${project}/locations/${inputs.location}/repositories/${inputs.repositoryId}`,
    outputs: { name: inputs.repositoryId },
  }),
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': member(
    (inputs) => `locations/${inputs.location}/repositories/${inputs.repository}`,
  ),
  'gcp:cloudfunctionsv2/function:Function': cloudFunction,
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': member(
    (inputs) => `locations/${inputs.location}/services/${inputs.name}`,
  ),
  'gcp:cloudscheduler/job:Job': (inputs, _seed, { project }) => ({
    id: `projects/${project}/locations/${inputs.region}/jobs/${inputs.name}`,
    outputs: { state: 'ENABLED' },
  }),
  'gcp:logging/metric:Metric': (inputs) => ({ id: String(inputs.name), outputs: {} }),
  'gcp:monitoring/alertPolicy:AlertPolicy': numbered('alertPolicies'),
  'gcp:monitoring/notificationChannel:NotificationChannel': numbered('notificationChannels'),
};

function compute(collection: string): Create {
  return (inputs, _seed, { project, region }) => {
    const where = collection.startsWith('global/') ? collection : `regions/${region}/${collection}`;
    const id = `projects/${project}/${where}/${inputs.name}`;
    return { id, outputs: { selfLink: selfLink(id) } };
  };
}

function numbered(collection: string): Create {
  return (_inputs, seed, { project }) => {
    const name = `projects/${project}/${collection}/${digits(seed, 19)}`;
    return { id: name, outputs: { name } };
  };
}

/** One role given to one member of one thing. Two that say the same are one: the provider's ids say so. */
function member(on: (inputs: Inputs) => string): Create {
  return (inputs) => {
    const condition = Reflect.get(Object(inputs.condition), 'title');
    const id = [on(inputs), inputs.role, inputs.member, ...(condition === undefined ? [] : [condition])];
    return { id: id.join('/'), outputs: { etag: hexId(id.join('/'), 8) } };
  };
}

function serviceAccount(inputs: Inputs, seed: string, { project }: PaperPlace): Created {
  const email = `${inputs.accountId}@${project}.iam.gserviceaccount.com`;
  const name = `projects/${project}/serviceAccounts/${email}`;
  return {
    id: name,
    outputs: { email, name, uniqueId: digits(seed, 21), member: `serviceAccount:${email}` },
  };
}

function bucketObject(inputs: Inputs): Created {
  const content = hashOf(inputs.source ?? inputs.content);
  return {
    id: `${inputs.bucket}-${inputs.name}`,
    outputs: { outputName: inputs.name, md5hash: content, generation: Number(digits(content, 15)) },
  };
}

/** A file, or an archive of files, whatever order they came in. */
function hashOf(content: unknown): string {
  const hash = createHash('sha256');
  if (Buffer.isBuffer(content) || typeof content === 'string') return hash.update(content).digest('base64');
  const files: Record<string, unknown> = { ...Object(content) };
  for (const name of Object.keys(files).sort()) hash.update(name).update(bytesOf(files[name]));
  return hash.digest('base64');
}

function bytesOf(content: unknown): Buffer | string {
  return Buffer.isBuffer(content) ? content : JSON.stringify(content ?? null);
}

function groupManager(inputs: Inputs, seed: string, { project, region }: PaperPlace): Created {
  const id = `projects/${project}/regions/${region}/instanceGroupManagers/${inputs.name}`;
  return {
    id,
    outputs: {
      selfLink: selfLink(id),
      instanceGroup: selfLink(`projects/${project}/regions/${region}/instanceGroups/${inputs.name}`),
      instanceGroupManagerId: Number(digits(seed, 15)),
      ...(inputs.targetSize === undefined ? { targetSize: 0 } : {}),
    },
  };
}

/** A template's name is made unique by the provider, where only its beginning is given. */
function instanceTemplate(inputs: Inputs, seed: string, { project, region }: PaperPlace): Created {
  const name = inputs.name ?? `${inputs.namePrefix}${digits(seed, 26)}`.slice(0, 63);
  const id = `projects/${project}/regions/${region}/instanceTemplates/${name}`;
  return {
    id,
    outputs: { name, selfLink: selfLink(id), selfLinkUnique: `${selfLink(id)}?uniqueId=${digits(seed, 19)}` },
  };
}

function cloudFunction(inputs: Inputs, _seed: string, place: PaperPlace): Created {
  const { project, functionsAt: url } = place;
  return {
    id: `projects/${project}/locations/${inputs.location}/functions/${inputs.name}`,
    outputs: {
      url,
      state: 'ACTIVE',
      environment: 'GEN_2',
      serviceConfig: {
        ...Object(inputs.serviceConfig),
        uri: url,
        service: `projects/${project}/locations/${inputs.location}/services/${inputs.name}`,
      },
    },
  };
}
