// What runs inside a function's process: loads the handler from the unpacked archive, as Lambda does.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerEvents } from '../../cloud/answer-events.mjs';

const [, , directory, handlerName] = process.argv;
const [file, exported] = handlerName.split('.');

async function load() {
  const name = ['.mjs', '.cjs', '.js'].map((extension) => join(directory, file + extension)).find(existsSync);
  if (name === undefined) throw new Error(`Cannot find module '${file}': it is not in the archive`);
  const module = await import(pathToFileURL(name));
  const handler = module[exported] ?? module.default?.[exported];
  if (typeof handler !== 'function') throw new Error(`${handlerName} is undefined or not exported`);
  return handler;
}

await answerEvents(load, (id) => ({
  awsRequestId: id,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: '$LATEST',
  invokedFunctionArn: process.env.EBBTIDE_LAB_FUNCTION_ARN,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
}));
