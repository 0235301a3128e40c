import type { Clock } from '../../fleet/clock.ts';
import type { HttpRequest, SendHttp } from '../../fleet/http.ts';
import { createMortal } from './mortal.ts';
import type { Reply } from './network.ts';

/** One process of a function: its real handler, until it is killed. */
export interface FunctionLife {
  /** `said`: what comes with the call. */
  call(said?: object): Promise<Reply>;
  /** Whoever waits for an answer is told that there is none. */
  kill(): void;
}

/** What a handler is composed with. */
export interface FunctionSurroundings {
  clock: Clock;
  send: SendHttp;
  write(line: string): void;
}

export interface FunctionLifeOptions extends FunctionSurroundings {
  /** How far its own time is from the world's. */
  offsetMs?: number;
  /** Called before and after every request that it makes; answers whether it dies there. */
  dies(when: 'before' | 'after', request: HttpRequest): boolean;
  /** What a caller is told whose call has no end. */
  ended: Reply;
  /** The real handler, as it is composed where it runs. */
  compose(surroundings: FunctionSurroundings): (said: object) => Promise<Reply>;
}

export function startFunctionLife(options: FunctionLifeOptions): FunctionLife {
  const life = createMortal(options.clock, options.offsetMs);
  const waiting = new Set<(reply: Reply) => void>();

  function kill(): void {
    life.kill();
    for (const answer of waiting) answer(options.ended);
    waiting.clear();
  }

  const send: SendHttp = (request) => {
    if (life.isAlive() && options.dies('before', request)) kill();
    return life.whileAlive(async () => {
      const response = await options.send(request);
      if (life.isAlive() && options.dies('after', request)) kill();
      return response;
    });
  };

  const handle = options.compose({
    clock: life.clock,
    send,
    write(line) {
      if (life.isAlive()) options.write(line);
    },
  });

  return {
    kill,
    call: (said = {}) =>
      new Promise((resolve) => {
        waiting.add(resolve);
        void handle(said).then((reply) => {
          waiting.delete(resolve);
          if (life.isAlive()) resolve(reply);
        });
      }),
  };
}

export function textReply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body };
}
