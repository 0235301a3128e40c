type Environment = Readonly<Record<string, string | undefined>>;

/** For whom tokens of the resource manager are made. */
export const MANAGER = 'https://management.azure.com';

/** By this a rehearsal puts the resource manager somewhere else. */
export const MANAGER_VARIABLE = 'AZURE_RESOURCE_MANAGER_ENDPOINT';

export function managerEndpoint(environment: Environment): string {
  return (environment[MANAGER_VARIABLE] || MANAGER).replace(/\/+$/, '');
}

/** By AZURE_STORAGE_BLOB_ENDPOINT a rehearsal puts the pool's blob store somewhere else. */
export function blobEndpoint(store: string, environment: Environment): string {
  return (environment.AZURE_STORAGE_BLOB_ENDPOINT || store).replace(/\/+$/, '');
}

/** By AZURE_POD_IDENTITY_AUTHORITY_HOST, as in Azure's own libraries, the metadata service is somewhere else. */
export function metadataEndpoint(environment: Environment): string {
  return (environment.AZURE_POD_IDENTITY_AUTHORITY_HOST || 'http://169.254.169.254').replace(/\/+$/, '');
}
