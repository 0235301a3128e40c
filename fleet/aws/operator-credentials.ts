import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { CredentialsProvider } from './credentials.ts';

/** As the AWS CLI finds them: the environment, profiles, single sign-on, a container's or a machine's own role. */
export function operatorCredentials(profile: string | undefined): CredentialsProvider {
  const find = defaultProvider(profile === undefined ? {} : { profile });
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await find();
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      ...(expiration === undefined ? {} : { expiresAt: expiration.getTime() }),
    };
  };
}
