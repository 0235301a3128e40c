import * as v from 'valibot';
import type { Policy } from '../../cli/rights/task.ts';
import type { AwsTwin } from '../../lab/aws/aws-twin.ts';
import type { AzureTwin } from '../../lab/azure/azure-twin.ts';
import type { OceanTwin } from '../../lab/digitalocean/ocean-twin.ts';
import type { GcpTwin } from '../../lab/gcp/gcp-twin.ts';

/** The variables of somebody who was given just what is printed, and found by `fleet`. */
export type PersonOf<Twin> = (twin: Twin, printed: Policy) => Record<string, string>;

export const awsPerson: PersonOf<AwsTwin> = (twin, { text }) => {
  const { accessKeyId, secretAccessKey, sessionToken } = twin.assumePerson(text);
  return {
    AWS_ENDPOINT_URL: twin.endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
};

/** Where the role is given is told by the commands that are printed beside it. */
export const azurePerson: PersonOf<AzureTwin> = (twin, { text, steps }) => {
  const scopes = steps.flatMap((step) => {
    const scope = /^\$ az role assignment create .* --scope (\S+)$/.exec(step)?.[1];
    return scope === undefined ? [] : [scope];
  });
  return { ...twin.environment(), AZURE_ACCESS_TOKEN: twin.personToken(text, scopes) };
};

export const gcpPerson: PersonOf<GcpTwin> = (twin, { text }) => ({
  ...twin.environment(),
  GOOGLE_OAUTH_ACCESS_TOKEN: twin.personToken(text),
});

const oceanRights = v.strictObject({
  token: v.strictObject({ scopes: v.array(v.pipe(v.string(), v.regex(/^\w+:\w+$/))) }),
  spacesKey: v.strictObject({
    name: v.string(),
    grants: v.array(
      v.strictObject({
        bucket: v.pipe(v.string(), v.minLength(1)),
        permission: v.picklist(['read', 'readwrite']),
      }),
    ),
  }),
});

export const oceanPerson: PersonOf<OceanTwin> = (twin, { text }) => {
  const { token, spacesKey } = v.parse(v.pipe(v.string(), v.parseJson(), oceanRights), text);
  const { accessKey, secretKey } = twin.newSpacesKey(spacesKey);
  const secret = `dop_v1_${accessKey}`;
  twin.tokens.set(secret, spacesKey.name, token.scopes);
  return {
    ...twin.environment(),
    DIGITALOCEAN_TOKEN: secret,
    SPACES_ACCESS_KEY_ID: accessKey,
    SPACES_SECRET_ACCESS_KEY: secretKey,
  };
};
