import { randomUUID } from 'node:crypto';
import { serve } from '../../cloud/http-front.ts';
import type { Listener } from '../../cloud/listener.ts';
import type { AwsHappening } from '../events.ts';
import { type ApiOptions, answerRequest } from './answer.ts';

export interface FrontOptions extends ApiOptions {
  emit(happening: AwsHappening): void;
}

/** Where every service of the twin answers. */
export function createFront(options: FrontOptions): Promise<Listener> {
  return serve(
    (request) => {
      const reply = answerRequest(request, options);
      return reply && { ...reply, headers: { ...reply.headers, 'x-amz-request-id': randomUUID() } };
    },
    (problem) => options.emit({ kind: 'trouble', problem }),
  );
}
