import type { RulesByType } from '../pulumi/provider/type-rules.ts';

/**
 * As the provider's documentation says: "Changing this forces a new resource to be created", "Defaults to". What can be
 * named by itself (its name is optional in the SDK) and is named by the program goes before its replacement comes.
 */
export const GCP_RULES: RulesByType = {
  'gcp:storage/bucket:Bucket': {
    autoName: 'name',
    defaults: { forceDestroy: false, storageClass: 'STANDARD' },
    replaces: ['name', 'location', 'project'],
  },
  'gcp:storage/bucketObject:BucketObject': {
    autoName: 'name',
    replaces: ['bucket', 'name'],
    renewed: ['md5hash', 'generation'],
  },
  'gcp:storage/bucketIAMMember:BucketIAMMember': { replaces: ['bucket', 'role', 'member', 'condition'] },
  'gcp:serviceaccount/account:Account': { autoName: 'accountId', replaces: ['accountId', 'project'] },
  'gcp:projects/iAMCustomRole:IAMCustomRole': {
    autoName: 'roleId',
    defaults: { stage: 'GA' },
    replaces: ['roleId', 'project'],
  },
  'gcp:projects/iAMMember:IAMMember': { replaces: ['project', 'role', 'member', 'condition'] },
  'gcp:secretmanager/secret:Secret': {
    autoName: 'secretId',
    replaces: ['secretId', 'replication', 'project'],
  },
  'gcp:secretmanager/secretVersion:SecretVersion': {
    defaults: { enabled: true, deletionPolicy: 'DELETE' },
    replaces: ['secret', 'secretData'],
  },
  'gcp:secretmanager/secretIamMember:SecretIamMember': {
    replaces: ['secretId', 'role', 'member', 'condition'],
  },
  'gcp:compute/network:Network': {
    autoName: 'name',
    replaces: ['name', 'description', 'autoCreateSubnetworks', 'project'],
  },
  'gcp:compute/subnetwork:Subnetwork': {
    autoName: 'name',
    replaces: ['name', 'network', 'region', 'project', 'description'],
  },
  'gcp:compute/firewall:Firewall': {
    autoName: 'name',
    defaults: { priority: 1000 },
    replaces: ['name', 'network', 'direction', 'project'],
  },
  'gcp:compute/regionAutoscaler:RegionAutoscaler': {
    autoName: 'name',
    replaces: ['name', 'region', 'project'],
  },
  'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager': {
    autoName: 'name',
    defaults: { waitForInstances: false, waitForInstancesStatus: 'STABLE' },
    replaces: ['name', 'baseInstanceName', 'description', 'region', 'distributionPolicyZones', 'project'],
  },
  // A template is never changed: whatever changes is another template.
  'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate': {
    autoName: 'name',
    defaults: { canIpForward: false },
    replaces: [
      'name',
      'namePrefix',
      'region',
      'project',
      'description',
      'machineType',
      'labels',
      'disks',
      'networkInterfaces',
      'serviceAccount',
      'shieldedInstanceConfig',
      'scheduling',
      'metadata',
      'metadataStartupScript',
      'tags',
    ],
  },
  'gcp:artifactregistry/repository:Repository': {
    defaults: { mode: 'STANDARD_REPOSITORY' },
    replaces: ['repositoryId', 'location', 'format', 'project'],
  },
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': {
    replaces: ['repository', 'location', 'role', 'member', 'condition'],
  },
  'gcp:cloudfunctionsv2/function:Function': { autoName: 'name', replaces: ['name', 'location', 'project'] },
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': {
    replaces: ['name', 'location', 'role', 'member', 'condition'],
  },
  'gcp:cloudscheduler/job:Job': {
    autoName: 'name',
    defaults: { timeZone: 'Etc/UTC' },
    replaces: ['name', 'region', 'project'],
  },
  'gcp:logging/metric:Metric': { autoName: 'name', replaces: ['name'] },
  'gcp:monitoring/alertPolicy:AlertPolicy': { defaults: { enabled: true }, replaces: ['project'] },
  'gcp:monitoring/notificationChannel:NotificationChannel': {
    defaults: { enabled: true, forceDelete: false },
    replaces: ['project'],
  },
};
