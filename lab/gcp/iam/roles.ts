/** What Google's own roles allow, as far as the program could use it. A role that is not here is refused when read. */
const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  'roles/storage.objectViewer': ['storage.objects.get', 'storage.objects.list'],
  'roles/storage.objectCreator': ['storage.objects.create'],
  'roles/storage.objectUser': [
    'storage.objects.create',
    'storage.objects.delete',
    'storage.objects.get',
    'storage.objects.list',
    'storage.objects.update',
  ],
  'roles/storage.objectAdmin': [
    'storage.objects.create',
    'storage.objects.delete',
    'storage.objects.get',
    'storage.objects.list',
    'storage.objects.update',
  ],
  'roles/storage.legacyBucketReader': ['storage.buckets.get', 'storage.objects.list'],
  'roles/storage.legacyObjectReader': ['storage.objects.get'],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
  'roles/run.invoker': ['run.routes.invoke', 'run.jobs.run'],
  'roles/cloudfunctions.invoker': ['cloudfunctions.functions.invoke'],
  'roles/iam.serviceAccountUser': ['iam.serviceAccounts.actAs', 'iam.serviceAccounts.get'],
  'roles/iam.serviceAccountTokenCreator': [
    'iam.serviceAccounts.getAccessToken',
    'iam.serviceAccounts.getOpenIdToken',
  ],
  'roles/compute.viewer': [
    'compute.autoscalers.get',
    'compute.autoscalers.list',
    'compute.instanceGroupManagers.get',
    'compute.instanceGroupManagers.list',
    'compute.instances.get',
    'compute.instances.list',
    'compute.regionOperations.get',
    'compute.zoneOperations.get',
  ],
  // Nothing of these is asked of the twin.
  'roles/logging.logWriter': [],
  'roles/monitoring.metricWriter': [],
  'roles/artifactregistry.reader': [],
  'roles/artifactregistry.writer': [],
  'roles/cloudbuild.builds.builder': ['storage.objects.get', 'storage.objects.list'],
};

export function isPredefined(role: string): boolean {
  return Object.hasOwn(PREDEFINED, role);
}

/** Undefined for a role that there is not. */
export function permissionsOf(
  role: string,
  custom: readonly { name: string; permissions: readonly string[] }[],
): readonly string[] | undefined {
  return PREDEFINED[role] ?? custom.find(({ name }) => name === role)?.permissions;
}
