import { DROPLET_NAME } from './droplet-file.ts';

/** The most that DigitalOcean takes, in bytes of plain text. */
export const USER_DATA_LIMIT = 64 * 1024;

/**
 * What the stack leaves open in the user-data of its droplets, and whoever makes one fills in. Each stands there once.
 */
export const OPEN_IN_USER_DATA = { node: '@@EBBTIDE_NODE@@', statusKey: '@@EBBTIDE_STATUS_KEY@@' } as const;

/** What is one droplet's own. */
export interface OwnOfDroplet {
  node: string;
  /** By `deriveStatusKey`, for that name. */
  statusKey: string;
}

/** The user-data of one droplet. Throws where what the stack has left is not that; no secret is in the error. */
export function fillUserData(template: string, own: OwnOfDroplet): string {
  // Both are put into JSON inside YAML as they are: a quote in them would end what they stand in.
  if (!DROPLET_NAME.test(own.node)) throw new Error(`${own.node} is no name for a droplet`);
  if (!/^[0-9a-f]{64}$/.test(own.statusKey)) throw new Error('the status key must be 64 hex digits');
  let filled = template;
  for (const name of ['node', 'statusKey'] as const) {
    const parts = filled.split(OPEN_IN_USER_DATA[name]);
    if (parts.length !== 2)
      throw new Error(
        `the template of user-data has ${OPEN_IN_USER_DATA[name]} ${parts.length - 1} times, not once: deploy the stack again`,
      );
    filled = parts.join(own[name]);
  }
  return filled;
}
