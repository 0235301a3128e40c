// What runs inside a function's container: loads what the archive has, as DigitalOcean's runtime does.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answerEvents } from '../../cloud/answer-events.mjs';

const [, , directory, handlerName] = process.argv;

function load() {
  const module = createRequire(import.meta.url)(join(directory, 'index.js'));
  const handler = module[handlerName];
  if (typeof handler !== 'function') throw new Error(`Action entrypoint '${handlerName}' is not a function.`);
  return handler;
}

await answerEvents(load, (id, deadline) => ({
  activationId: id,
  requestId: id,
  apiHost: process.env.__OW_API_HOST,
  functionName: process.env.__OW_ACTION_NAME,
  functionVersion: process.env.__OW_ACTION_VERSION,
  namespace: process.env.__OW_NAMESPACE,
  deadline,
}));
