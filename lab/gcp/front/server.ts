import type { Happening } from '../../cloud/events.ts';
import { serve } from '../../cloud/http-front.ts';
import type { Listener } from '../../cloud/listener.ts';
import { type ApiOptions, answerRequest } from './answer.ts';

export interface FrontOptions extends ApiOptions {
  emit(happening: Happening): void;
}

/** Where every service of the twin answers. */
export function createFront(options: FrontOptions): Promise<Listener> {
  return serve(
    (request) => answerRequest(request, options),
    (problem) => options.emit({ kind: 'trouble', problem }),
  );
}
