/** Keys for signing; `expiresAt` in ms since the epoch, absent for keys that do not expire. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiresAt?: number;
}

/** Gives valid keys, renewing them as needed. Rejects when it cannot. */
export type CredentialsProvider = () => Promise<AwsCredentials>;

/** The standard variables of the AWS SDK, as Lambda sets them; undefined when they are not set. */
export function credentialsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): CredentialsProvider | undefined {
  const accessKeyId = environment.AWS_ACCESS_KEY_ID;
  const secretAccessKey = environment.AWS_SECRET_ACCESS_KEY;
  const sessionToken = environment.AWS_SESSION_TOKEN;
  if (!accessKeyId || !secretAccessKey) return undefined;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  return async () => credentials;
}
