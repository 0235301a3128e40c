import * as v from 'valibot';
import { gcpNames } from '../../../stacks/gcp/names.ts';
import { GOOD_GCP, type ProgramRun, runUnderMocks } from '../stacks-mocks.ts';

const PROJECT_MEMBER = 'gcp:projects/iAMMember:IAMMember';
const BUCKET_MEMBER = 'gcp:storage/bucketIAMMember:BucketIAMMember';
const SECRET_MEMBER = 'gcp:secretmanager/secretIamMember:SecretIamMember';
const SERVICE_MEMBER = 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember';
const IMAGES_MEMBER = 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember';
export const MEMBERS = [PROJECT_MEMBER, BUCKET_MEMBER, SECRET_MEMBER, SERVICE_MEMBER, IMAGES_MEMBER];
export const ROLE = 'gcp:projects/iAMCustomRole:IAMCustomRole';
export const ACCOUNT = 'gcp:serviceaccount/account:Account';
export const GROUP = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';
export const AUTOSCALER = 'gcp:compute/regionAutoscaler:RegionAutoscaler';
export const TEMPLATE = 'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate';
export const FIREWALL = 'gcp:compute/firewall:Firewall';
export const FUNCTION = 'gcp:cloudfunctionsv2/function:Function';
export const ALERT = 'gcp:monitoring/alertPolicy:AlertPolicy';
export const NAMES = gcpNames('media', { project: 'my-project', region: 'europe-west1' });

export const run = (
  settings: Record<string, unknown> = {},
  options: Parameters<typeof runUnderMocks>[0] = {},
) => runUnderMocks({ ...options, settings: { ...GOOD_GCP, ...settings } });

/** What the account of that resource may do: on what, which permissions or Google's own role, under which condition. */
export function rightsOf(of: ProgramRun, account: string): [string, string, string][] {
  const { accountId } = of.one(ACCOUNT, account).inputs;
  const member = `serviceAccount:${accountId}@my-project.iam.gserviceaccount.com`;
  const roles = of.resources.filter(({ type }) => type === ROLE);
  return of.resources
    .filter(({ type, inputs }) => MEMBERS.includes(type) && inputs.member === member)
    .map(({ inputs }): [string, string, string] => {
      const on = inputs.bucket ?? inputs.secretId ?? inputs.name ?? inputs.repository ?? inputs.project;
      const role = roles.find(
        ({ inputs: { roleId } }) => inputs.role === `projects/my-project/roles/${roleId}`,
      );
      const permissions =
        role === undefined ? inputs.role : v.parse(v.array(v.string()), role.inputs.permissions);
      return [String(on), String(permissions), String(Object(inputs.condition).expression ?? '')];
    })
    .sort(([a, b], [c, d]) => (a + b < c + d ? -1 : 1));
}

export const under = (...prefixes: string[]) =>
  prefixes
    .map((prefix) => `resource.name.startsWith("projects/_/buckets/${NAMES.bucket}/objects/${prefix}/")`)
    .join(' || ');
