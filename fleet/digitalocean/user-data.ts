/** What only the orchestrator can fill in, when it makes a droplet. */
export const NODE_PLACEHOLDER = '@@EBBTIDE_NODE@@';
export const STATUS_KEY_PLACEHOLDER = '@@EBBTIDE_STATUS_KEY@@';

/** DigitalOcean's limit. */
export const MAX_USER_DATA_BYTES = 64 * 1024;

/** The user-data of one droplet. Throws where the template is no template, or gives too much. */
export function fillUserData(
  template: string,
  { node, statusKey }: { node: string; statusKey: string },
): string {
  if (!template.includes(STATUS_KEY_PLACEHOLDER))
    throw new Error(`the template of the user-data has no ${STATUS_KEY_PLACEHOLDER}: nodes could not sign`);
  const filled = template.replaceAll(NODE_PLACEHOLDER, node).replaceAll(STATUS_KEY_PLACEHOLDER, statusKey);
  const bytes = Buffer.byteLength(filled);
  if (bytes > MAX_USER_DATA_BYTES)
    throw new Error(`the user-data has ${bytes} bytes: DigitalOcean takes ${MAX_USER_DATA_BYTES} at most`);
  return filled;
}
