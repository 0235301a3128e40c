import { request as send } from 'node:http';

export interface SocketAnswer {
  status: number;
  body: unknown;
}

/** Asks the agent that runs on this machine. Rejects with what to do when none answers. */
export function askAgent(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  timeoutMs = 10_000,
): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = send({ socketPath, method, path, timeout: timeoutMs }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
        } catch (cause) {
          reject(
            new Error(`the agent at ${socketPath} answered something else: ${text.slice(0, 80)}`, { cause }),
          );
        }
      });
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    outgoing.once('error', (cause) => {
      const code = Reflect.get(cause, 'code');
      const hint =
        code === 'ENOENT' || code === 'ECONNREFUSED'
          ? 'no agent runs here (systemctl status ebbtide-agent), or it has another socket (--socket PATH)'
          : code === 'EACCES'
            ? 'only root may ask: use sudo'
            : 'the connection failed';
      reject(new Error(`cannot ask the agent at ${socketPath}: ${hint}`, { cause }));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
