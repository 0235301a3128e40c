/**
 * How long the termination policy takes to answer: the real bundle in a process of its own, a registry of 1,000 nodes,
 * a store that answers each request after 20 ms. `cold`: a new process, with its start and its first connections;
 * `warm`: the same process again. The budget is for both.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TerminationPolicySettings } from '../fleet/aws-function-settings.ts';
import { createBundler } from '../stacks/bundle.ts';
import { busyStatus, judge } from './measure.ts';

const NODES = 1_000;
const STORE_DELAY_MS = 20;
const RUNS = 10;
const BUDGET_MS = 1_000;

/** What the child process runs: the bundle as Lambda would, and the time that it took. */
const CHILD = `
const startedAt = performance.now() - process.uptime() * 1000;
const { handler } = require('./index.cjs');
process.on('message', async (event) => {
  const askedAt = performance.now();
  const { InstanceIDs } = await handler(event);
  const now = performance.now();
  process.send({ answered: InstanceIDs.length, tookMs: now - askedAt, sinceStartMs: now - startedAt });
});
process.send('ready');
`;

interface Outcome {
  answered: number;
  tookMs: number;
  sinceStartMs: number;
}

const store = await startStore();
const folder = await mkdtemp(join(tmpdir(), 'ebbtide-bench-'));
try {
  const { code } = await createBundler().functionOf('aws', 'termination-policy');
  await writeFile(join(folder, 'index.cjs'), code);
  await writeFile(join(folder, 'child.cjs'), CHILD);

  const cold: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    store.forget();
    const child = await startChild();
    cold.push(checked(await ask(child)).sinceStartMs);
    child.kill();
  }
  const warm: number[] = [];
  const child = await startChild();
  await ask(child);
  for (let run = 0; run < RUNS; run += 1) {
    store.forget();
    warm.push(checked(await ask(child)).tookMs);
  }
  child.kill();
  const of = `termination policy, ${NODES} nodes, store ${STORE_DELAY_MS} ms`;
  judge({ of: `${of}, cold`, timesMs: cold, budgetMs: BUDGET_MS });
  judge({ of: `${of}, warm`, timesMs: warm, budgetMs: BUDGET_MS });
} finally {
  store.close();
  await rm(folder, { recursive: true });
}

/** An answer that left the registry unread would be quick, and worth nothing. */
function checked(outcome: Outcome): Outcome {
  if (outcome.answered !== 3) throw new Error(`3 victims were asked for, and ${outcome.answered} answered`);
  return outcome;
}

async function startChild(): Promise<ChildProcess> {
  const settings: TerminationPolicySettings = {
    pool: 'media',
    bucket: 'bench',
    maxDrains: 5,
    coolDownMs: 60_000,
    warmUpMs: 0,
  };
  const child = fork(join(folder, 'child.cjs'), {
    execArgv: [],
    silent: true,
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: store.url,
      EBBTIDE_SETTINGS: JSON.stringify(settings),
    },
  });
  child.stderr?.pipe(process.stderr);
  await message(child);
  return child;
}

function ask(child: ChildProcess): Promise<Outcome> {
  const answer = message(child);
  child.send({
    AutoScalingGroupName: 'ebbtide-media',
    CapacityToTerminate: [{ AvailabilityZone: 'eu-west-1a', Capacity: 3, InstanceMarketOption: 'on-demand' }],
    Instances: Array.from({ length: NODES }, (_, index) => ({
      InstanceId: nodeName(index),
      AvailabilityZone: 'eu-west-1a',
      InstanceType: 'c7i.large',
      InstanceMarketOption: 'on-demand',
    })),
    Cause: 'SCALE_IN',
  });
  return answer as Promise<Outcome>;
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the function's process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (content) => {
      child.off('exit', ended);
      resolve(content);
    });
  });
}

function nodeName(index: number): string {
  return `i-${index.toString(16).padStart(17, '0')}`;
}

/** As much of S3 as the policy uses. */
async function startStore() {
  const at = () => new Date().toISOString();
  const key = (index: number) => `statuses/AROAEXAMPLE:${nodeName(index)}.json`;
  const statuses = new Map(Array.from({ length: NODES }, (_, index) => [key(index), statusOf(index)]));
  const written = new Map<string, string>();
  const list = () =>
    `<ListBucketResult><IsTruncated>false</IsTruncated>${[...statuses.keys()]
      .map(
        (name) =>
          `<Contents><Key>${name}</Key><LastModified>${at()}</LastModified><Size>900</Size></Contents>`,
      )
      .join('')}</ListBucketResult>`;

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    await sleep(STORE_DELAY_MS);
    const url = new URL(request.url ?? '/', 'http://store');
    const name = decodeURIComponent(url.pathname).replace('/bench/', '');
    if (request.method === 'PUT') written.set(name, Buffer.concat(chunks).toString());
    const body =
      request.method === 'PUT' ? '' : name === '' ? list() : (statuses.get(name) ?? written.get(name));
    response.writeHead(body === undefined ? 404 : 200, { 'last-modified': at(), etag: '"1"' });
    response.end(body ?? '<Error><Code>NoSuchKey</Code></Error>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    forget: () => written.clear(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function statusOf(index: number): string {
  return JSON.stringify(busyStatus(index, { node: nodeName(index), cloud: 'aws', zone: 'eu-west-1a' }));
}
