import type { CallEnd, Heard } from './driver.ts';

/** What the lab asks of the crowd: real WebRTC clients, in a process of their own. */
export type ToCrowd =
  | {
      readonly kind: 'join';
      readonly person: number;
      readonly url: string;
      readonly token: string;
      readonly identity: string;
    }
  | { readonly kind: 'listen-anew'; readonly person: number }
  | { readonly kind: 'hang-up'; readonly person: number };

export type FromCrowd =
  | { readonly kind: 'joined'; readonly person: number }
  | { readonly kind: 'failed'; readonly person: number; readonly problem: string }
  | { readonly kind: 'heard'; readonly person: number; readonly heard: Heard; readonly reconnects: number }
  | { readonly kind: 'ended'; readonly person: number; readonly end: CallEnd };
