type Environment = Readonly<Record<string, string | undefined>>;

/** The API token as Pulumi's own provider finds it: in its configuration, then in the environment. */
export function operatorToken(configured: string | undefined, environment: Environment): string {
  const token = configured || environment.DIGITALOCEAN_TOKEN || environment.DIGITALOCEAN_ACCESS_TOKEN;
  if (token) return token;
  throw new Error(
    'there is no DigitalOcean API token: set DIGITALOCEAN_TOKEN, or `pulumi config set --secret digitalocean:token`',
  );
}
