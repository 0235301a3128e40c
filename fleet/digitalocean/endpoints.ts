type Environment = Readonly<Record<string, string | undefined>>;

/** By DIGITALOCEAN_API_URL, which Pulumi's provider knows too, a rehearsal puts the API somewhere else. */
export function apiEndpoint(environment: Environment): string {
  return without(environment.DIGITALOCEAN_API_URL || 'https://api.digitalocean.com');
}

/** By SPACES_ENDPOINT_URL, as in Pulumi's provider, the object store of a region is somewhere else. */
export function spacesEndpoint(region: string, environment: Environment): string {
  return without(environment.SPACES_ENDPOINT_URL || `https://${region}.digitaloceanspaces.com`);
}

/** By EBBTIDE_DROPLET_METADATA the metadata service of a droplet is somewhere else. */
export function metadataEndpoint(environment: Environment): string {
  return without(environment.EBBTIDE_DROPLET_METADATA || 'http://169.254.169.254');
}

function without(url: string): string {
  return url.replace(/\/+$/, '');
}
