import type { SendHttp } from '../../../fleet/http.ts';
import { createWakeHandler, type WakeResponse } from '../../../functions/gcp/pruner/answer-wake.ts';
import { composePruner, type Surroundings } from '../../../functions/gcp/pruner/compose.ts';
import { createMortal } from '../mortal.ts';
import type { Reply } from '../network.ts';
import { type Change, changeOf } from './change.ts';

/** One instance of the function: its real handler, until it is killed. */
export interface PrunerLife {
  wake(): Promise<Reply>;
  /** Whoever waits for an answer is told that there is none. */
  kill(): void;
}

export interface PrunerLifeOptions extends Surroundings {
  send: SendHttp;
  /** Called before and after every request that it makes; answers whether it dies there. */
  dies(when: 'before' | 'after', change: Change | undefined): boolean;
}

export function startPrunerLife(options: PrunerLifeOptions): PrunerLife {
  const life = createMortal(options.clock);
  const waiting = new Set<(reply: Reply) => void>();

  function kill(): void {
    life.kill();
    for (const answer of waiting) answer(replyOf(503, 'The request failed: the instance has ended.'));
    waiting.clear();
  }

  const send: SendHttp = (request) => {
    const change = changeOf(request);
    if (life.isAlive() && options.dies('before', change)) kill();
    return life.whileAlive(async () => {
      const response = await options.send(request);
      if (life.isAlive() && options.dies('after', change)) kill();
      return response;
    });
  };

  const handle = createWakeHandler(
    composePruner({
      ...options,
      clock: life.clock,
      send,
      write: (line) => {
        if (life.isAlive()) options.write(line);
      },
    }),
  );

  return {
    kill,
    wake: () =>
      new Promise((resolve) => {
        waiting.add(resolve);
        const response: WakeResponse = {
          status: (code) => ({
            json(body) {
              waiting.delete(resolve);
              if (life.isAlive()) resolve(replyOf(code, JSON.stringify(body)));
            },
          }),
        };
        void handle({ query: {} }, response);
      }),
  };
}

export function replyOf(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body };
}
