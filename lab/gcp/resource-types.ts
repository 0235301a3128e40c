import { createHash } from 'node:crypto';
import { hexId } from '../cloud/identifiers.ts';
import type { Created, Inputs } from '../pulumi/resource.ts';
import { numericId } from './compute/instance.ts';
import type { Place } from './place.ts';

/** `functionUrl`: where the one function that there may be answers, since a twin has no names of its own in the DNS. */
export interface PaperPlace extends Place {
  functionUrl: string;
}

export type Create = (inputs: Inputs, seed: string, place: PaperPlace) => Created;

/** What the real provider answers for a new resource, beside its inputs. A type that is not here is refused. */
export function creatorOf(type: string): Create | undefined {
  return CREATORS[type];
}

const COMPUTE = 'https://www.googleapis.com/compute/v1/';

const CREATORS: Readonly<Record<string, Create>> = {
  'gcp:storage/bucket:Bucket': ({ name }, seed) => ({
    id: String(name),
    outputs: {
      url: `gs://${name}`,
      selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
      timeCreated: momentOf(seed),
    },
  }),
  'gcp:storage/bucketObject:BucketObject': bucketObject,
  'gcp:storage/bucketIAMMember:BucketIAMMember': member('bucket'),
  'gcp:serviceaccount/account:Account': account,
  'gcp:projects/iAMCustomRole:IAMCustomRole': ({ roleId }, _seed, { project }) => {
    const name = `projects/${project}/roles/${roleId}`;
    return { id: name, outputs: { name, deleted: false } };
  },
  'gcp:projects/iAMMember:IAMMember': member('project'),
  'gcp:cloudfunctionsv2/function:Function': cloudFunction,
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': member('name'),
  'gcp:cloudscheduler/job:Job': ({ name, region }, _seed, { project }) => ({
    id: `projects/${project}/locations/${region}/jobs/${name}`,
    outputs: { state: 'ENABLED' },
  }),
  'gcp:secretmanager/secret:Secret': ({ secretId }, _seed, { project, projectNumber }) => ({
    id: `projects/${project}/secrets/${secretId}`,
    outputs: { name: `projects/${projectNumber}/secrets/${secretId}` },
  }),
  'gcp:secretmanager/secretVersion:SecretVersion': secretVersion,
  'gcp:secretmanager/secretIamMember:SecretIamMember': member('secretId'),
  'gcp:compute/network:Network': global('networks'),
  'gcp:compute/firewall:Firewall': global('firewalls'),
  'gcp:compute/subnetwork:Subnetwork': regional('subnetworks'),
  'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate': regional('instanceTemplates'),
  'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager': group,
  'gcp:compute/regionAutoscaler:RegionAutoscaler': regional('autoscalers'),
  'gcp:artifactregistry/repository:Repository': ({ repositoryId, location }, _seed, { project }) => ({
    id: `projects/${project}/locations/${location}/repositories/${repositoryId}`,
    outputs: { name: repositoryId },
  }),
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': member('repository'),
  'gcp:logging/metric:Metric': ({ name }) => ({ id: String(name), outputs: {} }),
  'gcp:monitoring/alertPolicy:AlertPolicy': alertPolicy,
  'gcp:monitoring/notificationChannel:NotificationChannel': numbered('notificationChannels'),
};

/** Another one for each thing that is made, and the same for the same program. */
function momentOf(seed: string): string {
  return new Date(Number(`0x${hexId(seed, 10)}`)).toISOString();
}

/** One of a project's things that Google gives a number for a name. */
function numbered(kind: string): Create {
  return (_inputs, seed, { project }) => {
    const name = `projects/${project}/${kind}/${numericId(seed)}`;
    return { id: name, outputs: { name } };
  };
}

/** The log's metrics are made by the same program a moment before: Google does not know them yet. */
function alertPolicy(inputs: Inputs, seed: string, place: PaperPlace): Created {
  const conditions = Array.isArray(inputs.conditions) ? inputs.conditions : [];
  for (const condition of conditions) {
    const { disableMetricValidation } = Object(Object(condition).conditionPrometheusQueryLanguage);
    const [named] = /logging\.googleapis\.com\/user\/[\w-]+/.exec(JSON.stringify(condition)) ?? [];
    if (named === undefined || disableMetricValidation === true) continue;
    throw new Error(
      `Error 404: Cannot find metric(s) that match type = "${named}". If a metric was created recently, it could take up ` +
        'to 10 minutes to become available. Please try again soon.',
    );
  }
  return numbered('alertPolicies')(inputs, seed, place);
}

function member(of: string): Create {
  return (inputs, seed) => {
    const condition = inputs.condition === undefined ? '' : `/${titleOf(inputs.condition)}`;
    return {
      id: `${inputs[of]}/${inputs.role}/${inputs.member}${condition}`,
      outputs: { etag: hexId(seed, 12) },
    };
  };
}

function titleOf(condition: unknown): string {
  return typeof condition === 'object' && condition !== null ? String(Reflect.get(condition, 'title')) : '';
}

function global(kind: string): Create {
  return (inputs, _seed, { project }) =>
    linked(`projects/${inputs.project ?? project}/global/${kind}/${inputs.name}`, {});
}

function regional(kind: string): Create {
  return (inputs, seed, { project, region }) => {
    const name = physicalName(inputs, seed);
    return linked(`projects/${project}/regions/${inputs.region ?? region}/${kind}/${name}`, { name });
  };
}

function linked(id: string, outputs: Inputs): Created {
  return { id, outputs: { ...outputs, selfLink: `${COMPUTE}${id}` } };
}

/** As given, else the prefix with what the engine would add. */
function physicalName({ name, namePrefix }: Inputs, seed: string): string {
  return typeof name === 'string' ? name : `${namePrefix}${hexId(seed, 8)}`;
}

function bucketObject({ bucket, name, source, content }: Inputs, seed: string): Created {
  const body = Buffer.isBuffer(source) ? source : Buffer.from(JSON.stringify(content ?? seed));
  return {
    id: `${bucket}-${name}`,
    outputs: {
      // Another with every upload, as Google's; the same for the same program.
      generation: Number(`0x${hexId(`${seed} ${name}`, 11)}`),
      md5hash: createHash('md5').update(body).digest('base64'),
      outputName: name,
      selfLink: `https://www.googleapis.com/storage/v1/b/${bucket}/o/${encodeURIComponent(String(name))}`,
    },
  };
}

function account({ accountId }: Inputs, seed: string, { project }: PaperPlace): Created {
  const email = `${accountId}@${project}.iam.gserviceaccount.com`;
  const name = `projects/${project}/serviceAccounts/${email}`;
  return {
    id: name,
    outputs: { name, email, member: `serviceAccount:${email}`, uniqueId: numericId(seed) },
  };
}

function cloudFunction(inputs: Inputs, _seed: string, { project, functionUrl }: PaperPlace): Created {
  const { name, location, serviceConfig } = inputs;
  const given = typeof serviceConfig === 'object' && serviceConfig !== null ? serviceConfig : {};
  const service = `projects/${project}/locations/${location}/services/${name}`;
  return {
    id: `projects/${project}/locations/${location}/functions/${name}`,
    outputs: { state: 'ACTIVE', url: functionUrl, serviceConfig: { ...given, service, uri: functionUrl } },
  };
}

function secretVersion({ secret }: Inputs, _seed: string, { project, projectNumber }: PaperPlace): Created {
  const name = `${String(secret).replace(`projects/${project}/`, `projects/${projectNumber}/`)}/versions/1`;
  return { id: name, outputs: { name, version: '1', enabled: true } };
}

function group(inputs: Inputs, seed: string, place: PaperPlace): Created {
  const { id, outputs } = regional('instanceGroupManagers')(inputs, seed, place);
  const instanceGroup = `${COMPUTE}${id.replace('/instanceGroupManagers/', '/instanceGroups/')}`;
  return { id, outputs: { ...outputs, instanceGroup, targetSize: inputs.targetSize ?? 0 } };
}
