import * as digitalocean from '@pulumi/digitalocean/provider.js';
import * as pulumi from '@pulumi/pulumi';

export interface DigitalOceanProviderArgs {
  /** As Pulumi's configuration has it; left out, the provider finds it in the environment. */
  token?: string | undefined;
}

/** The provider that a pool's resources are made with. */
export function createDigitalOceanProvider({ token }: DigitalOceanProviderArgs): digitalocean.Provider {
  return new digitalocean.Provider('digitalocean', credentials(token));
}

/** Buckets and what is in them are made with keys of Spaces, and not with the token. */
export function createSpacesProvider(
  name: string,
  { token }: DigitalOceanProviderArgs,
  key: { id: pulumi.Input<string>; secret: pulumi.Input<string> },
  options: pulumi.ResourceOptions,
): digitalocean.Provider {
  return new digitalocean.Provider(
    name,
    {
      ...credentials(token),
      spacesAccessId: key.id,
      spacesSecretKey: pulumi.secret(key.secret),
    },
    options,
  );
}

function credentials(token: string | undefined) {
  return token === undefined ? {} : { token: pulumi.secret(token) };
}
