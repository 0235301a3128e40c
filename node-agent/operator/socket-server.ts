import { chmod, mkdir, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import * as v from 'valibot';
import type { Agent } from '../agent.ts';
import type { UpdateFollower } from '../update/follow.ts';

const drainSchema = v.object({ reason: v.optional(v.pipe(v.string(), v.maxLength(500))) });

/**
 * The operator's door: HTTP over a unix socket that only root opens. GET /status, GET /explain, POST /drain,
 * POST /resume, POST /update. The caller must hold the node's lock: a socket file that is there belongs to nobody any more.
 */
export async function listenOnSocket(
  agent: Agent,
  updates: Pick<UpdateFollower, 'now'>,
  path: string,
): Promise<Server> {
  await mkdir(dirname(path), { recursive: true });
  await removeIfThere(path);
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const what = `${request.method} ${request.url}`;
    switch (what) {
      case 'GET /status':
        answer(200, agent.status());
        return;
      case 'GET /explain':
        answer(200, { text: agent.explain(), status: agent.status(), decision: agent.durable().decision });
        return;
      case 'POST /resume':
        void agent.command({ kind: 'resume' }).then((reply) => answer(reply.accepted ? 200 : 409, reply));
        return;
      case 'POST /update':
        void updates.now().then((reply) => answer(reply.accepted ? 200 : 409, reply));
        return;
      case 'POST /drain': {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on('end', () => {
          const parsed = v.safeParse(
            v.pipe(v.string(), v.parseJson(), drainSchema),
            body === '' ? '{}' : body,
          );
          if (!parsed.success) {
            answer(400, { accepted: false, text: `not a drain request: ${v.summarize(parsed.issues)}` });
            return;
          }
          const reason = parsed.output.reason ?? 'an operator asked for it on the node';
          void agent
            .command({ kind: 'drain', reason })
            .then((reply) => answer(reply.accepted ? 200 : 409, reply));
        });
        return;
      }
      default:
        answer(404, { accepted: false, text: `the agent does not know ${what}` });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`cannot listen on ${path}`, { cause })));
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return server;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if (!(cause instanceof Error) || Reflect.get(cause, 'code') !== 'ENOENT') {
      throw new Error(`the old socket ${path} cannot be removed`, { cause });
    }
  }
}
