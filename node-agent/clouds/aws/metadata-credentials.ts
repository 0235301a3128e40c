import type { AwsCredentials, CredentialsProvider } from '../../../fleet/aws/credentials.ts';
import type { Metadata } from './metadata.ts';

/** Keys are renewed this long before they end; AWS has the next ones ready by then. */
const RENEW_BEFORE_MS = 300_000;
/** After a renewal that failed or brought keys near their end, the next try waits this long. */
const RENEW_AGAIN_MS = 60_000;

/**
 * The keys of the node's own role, from its metadata. Rejects when there are none, saying why; while those at hand
 * are still valid, a renewal that fails changes nothing.
 */
export function credentialsFromMetadata(
  metadata: Metadata,
  now: () => number = Date.now,
): CredentialsProvider {
  let current: AwsCredentials | undefined;
  let renewAt = 0;
  let renewal: Promise<AwsCredentials> | undefined;

  async function renew(): Promise<AwsCredentials> {
    try {
      const fresh = await readCredentials(metadata);
      current = fresh;
      // While AWS cannot renew, it goes on handing out keys whose end is past, and honours them.
      renewAt = Math.max(
        (fresh.expiresAt ?? Number.POSITIVE_INFINITY) - RENEW_BEFORE_MS,
        now() + RENEW_AGAIN_MS,
      );
      return fresh;
    } catch (cause) {
      if (current?.expiresAt === undefined || now() >= current.expiresAt) throw cause;
      renewAt = now() + RENEW_AGAIN_MS;
      return current;
    }
  }

  return async () => {
    if (current !== undefined && now() < renewAt) return current;
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };
}

const ROLES = 'iam/security-credentials/';

async function readCredentials(metadata: Metadata): Promise<AwsCredentials> {
  const role = await readText(metadata, ROLES);
  const name = role.split('\n', 1)[0] ?? '';
  const text = await readText(metadata, `${ROLES}${name}`);
  const problem = (what: string, cause?: unknown) =>
    new Error(
      `the metadata service has no usable keys for role ${name}: ${what}`,
      cause === undefined ? {} : { cause },
    );
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw problem('the answer is not JSON', cause);
  }
  const member = (key: string) => {
    const value: unknown =
      typeof answer === 'object' && answer !== null ? Reflect.get(answer, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  if (member('Code') !== 'Success')
    throw problem(member('Message') || member('Code') || 'no Code in the answer');
  const [accessKeyId, secretAccessKey, sessionToken] = [
    member('AccessKeyId'),
    member('SecretAccessKey'),
    member('Token'),
  ];
  const expiresAt = Date.parse(member('Expiration'));
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAt)) {
    throw problem('AccessKeyId, SecretAccessKey, Token or Expiration is missing');
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt };
}

async function readText(metadata: Metadata, path: string): Promise<string> {
  const reading = await metadata.read(path);
  switch (reading.kind) {
    case 'found':
      return reading.text;
    case 'absent':
      throw new Error(`the metadata service has no ${path}: is the instance profile attached?`);
    case 'unknown':
      throw new Error(`the metadata service did not answer: ${reading.reason}`);
  }
}
