import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { describeError } from '../error.ts';
import { type SendHttp, sendHttp } from '../http.ts';
import { keepToken, type NewToken, type TokenProvider } from '../kept-token.ts';
import { tokenFromImds } from './access-token.ts';
import { MANAGER } from './endpoints.ts';
import { createImds } from './imds.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Whose {
  subscriptionId: string;
  tenantId?: string | undefined;
}

/** What is not this machine's own network or programs. */
export interface TokenTools {
  send: SendHttp;
  /** Runs Azure's command line, and gives what it writes. */
  az: (args: string[]) => Promise<string>;
}

const TIMEOUT_MS = 30_000;
const RENEW_BEFORE_MS = 5 * 60_000;
const LOGIN = 'https://login.microsoftonline.com';

const here: TokenTools = {
  send: sendHttp,
  az: async (args) => (await promisify(execFile)('az', args, { timeout: TIMEOUT_MS })).stdout,
};

/**
 * A token for the resource manager, found as Pulumi's Azure provider finds its own: a service principal of the environment
 * with a secret or a token of its build system, this machine's identity, or whom Azure's command line is logged in as.
 */
export function operatorToken(
  whose: Whose,
  environment: Environment,
  tools: TokenTools = here,
): TokenProvider {
  const given = environment.AZURE_ACCESS_TOKEN;
  if (given) return async () => given;
  const { ARM_CLIENT_ID: clientId, ARM_USE_MSI: useMsi } = environment;
  const tenant = environment.ARM_TENANT_ID || whose.tenantId;
  if (useMsi === 'true') {
    const imds = createImds({ environment, timeoutMs: TIMEOUT_MS });
    return tokenFromImds({ imds, audience: `${MANAGER}/`, clientId: clientId || undefined });
  }
  const ask = async (): Promise<NewToken> => {
    const proof = clientId && tenant ? await proofOf(environment) : undefined;
    if (clientId && tenant && proof !== undefined) return byPrincipal({ tenant, clientId, proof }, tools);
    return byCommandLine(whose, tools);
  };
  return keepToken({ ask, renewBeforeMs: RENEW_BEFORE_MS, now: Date.now });
}

/** What a service principal shows that it is one. */
async function proofOf(environment: Environment): Promise<Record<string, string> | undefined> {
  const { ARM_CLIENT_SECRET: secret, ARM_OIDC_TOKEN: token, ARM_OIDC_TOKEN_FILE_PATH: file } = environment;
  if (secret) return { client_secret: secret };
  const assertion = token || (file ? (await readFile(file, 'utf8')).trim() : undefined);
  if (!assertion) return undefined;
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}

const granted = v.object({ access_token: v.pipe(v.string(), v.minLength(1)), expires_in: v.number() });
const refused = v.object({ error: v.string(), error_description: v.optional(v.string(), '') });

async function byPrincipal(
  { tenant, clientId, proof }: { tenant: string; clientId: string; proof: Record<string, string> },
  { send }: TokenTools,
): Promise<NewToken> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${MANAGER}/.default`,
    ...proof,
  });
  const { status, body } = await send({
    method: 'POST',
    url: `${LOGIN}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    timeoutMs: TIMEOUT_MS,
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.union([granted, refused])), body.toString());
  if (parsed.success && 'access_token' in parsed.output) {
    return { text: parsed.output.access_token, validMs: parsed.output.expires_in * 1000 };
  }
  const why = parsed.success && 'error' in parsed.output ? firstLine(parsed.output) : `HTTP ${status}`;
  throw new Error(`Azure gave no token to the service principal ARM_CLIENT_ID, ${clientId}: ${why}`);
}

function firstLine({ error, error_description: text }: v.InferOutput<typeof refused>): string {
  return `${error} ${text.split('\n')[0] ?? ''}`.trim();
}

/** Older ones tell no seconds, and all of them minutes enough. */
const LEAST_VALID_MS = 10 * 60_000;
const fromCommandLine = v.object({
  accessToken: v.pipe(v.string(), v.minLength(1)),
  expires_on: v.optional(v.number()),
});

async function byCommandLine({ subscriptionId }: Whose, { az }: TokenTools): Promise<NewToken> {
  const args = ['account', 'get-access-token', '--resource', `${MANAGER}/`];
  const written = await az([...args, '--subscription', subscriptionId, '--output', 'json']).catch(
    (cause: unknown) => {
      throw new Error(
        'there are no credentials of Azure: neither ARM_CLIENT_ID and ARM_TENANT_ID with ARM_CLIENT_SECRET or ARM_OIDC_TOKEN, ' +
          `nor ARM_USE_MSI, nor a login of its command line (\`az login\`): ${describeError(cause)}`,
        { cause },
      );
    },
  );
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), fromCommandLine), written);
  if (!parsed.success) throw new Error('`az account get-access-token` told no token');
  const { accessToken, expires_on: endsAt } = parsed.output;
  return { text: accessToken, validMs: endsAt === undefined ? LEAST_VALID_MS : endsAt * 1000 - Date.now() };
}
