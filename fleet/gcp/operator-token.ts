import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { type AuthClient, GoogleAuth, Impersonated, type JWTInput, OAuth2Client } from 'google-auth-library';
import * as v from 'valibot';
import type { TokenProvider } from '../kept-token.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the Google Cloud provider looks for a key, or the path of one, in its order. */
const KEY_VARIABLES = ['GOOGLE_CREDENTIALS', 'GOOGLE_CLOUD_KEYFILE_JSON', 'GCLOUD_KEYFILE_JSON'];
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/**
 * As the Google Cloud provider finds them in the environment: a token, a key, then what Google's tools find (a key file,
 * gcloud's login, a machine's account); and with each of them the account that it is to speak for.
 */
export function operatorToken(environment: Environment): TokenProvider {
  let client: Promise<AuthClient> | undefined;
  return async () => {
    client ??= speaker(environment);
    const { token } = await (await client).getAccessToken();
    if (token) return token;
    throw new Error('Google gave no token for these credentials');
  };
}

async function speaker(environment: Environment): Promise<AuthClient> {
  const sourceClient = await person(environment);
  const targetPrincipal = environment.GOOGLE_IMPERSONATE_SERVICE_ACCOUNT;
  if (!targetPrincipal) return sourceClient;
  // gcloud's own variable puts Google's service somewhere else.
  const endpoint = environment.CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS?.replace(/\/+$/, '');
  return new Impersonated({
    sourceClient,
    targetPrincipal,
    targetScopes: SCOPES,
    delegates: [],
    ...(endpoint ? { endpoint } : {}),
  });
}

async function person(environment: Environment): Promise<AuthClient> {
  const token = environment.GOOGLE_OAUTH_ACCESS_TOKEN;
  if (token) {
    const client = new OAuth2Client();
    client.setCredentials({ access_token: token });
    return client;
  }
  const variable = KEY_VARIABLES.find((name) => environment[name]);
  const credentials = variable === undefined ? {} : { credentials: keyOf(variable, environment) };
  return new GoogleAuth({ scopes: SCOPES, ...credentials }).getClient();
}

const keySchema = v.pipe(v.string(), v.parseJson(), v.looseObject({ type: v.string() }));

/** Why the text makes no sense is not told: the reason would show of the key. */
function keyOf(variable: string, environment: Environment): JWTInput {
  const given = environment[variable]?.trim() ?? '';
  const parsed = v.safeParse(keySchema, given.startsWith('{') ? given : fileOf(variable, given));
  if (parsed.success) return parsed.output;
  throw new Error(`${variable} is no key of Google's: give the JSON of one, or the path of its file`);
}

function fileOf(variable: string, path: string): string {
  try {
    return readFileSync(path.replace(/^~(?=\/)/, homedir()), 'utf8');
  } catch (cause) {
    throw new Error(`${variable} names a file that cannot be read, and is no JSON: give either`, { cause });
  }
}
