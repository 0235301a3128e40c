type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The API token as Pulumi's own provider finds it: in its configuration, then in the environment. `remedy`: what else
 * there is to do where there is none.
 */
export function operatorToken(
  configured: string | undefined,
  environment: Environment,
  remedy = ', or `pulumi config set --secret digitalocean:token`',
): string {
  const token = configured || environment.DIGITALOCEAN_TOKEN || environment.DIGITALOCEAN_ACCESS_TOKEN;
  if (token) return token;
  throw new Error(`there is no DigitalOcean API token: set DIGITALOCEAN_TOKEN${remedy}`);
}
