import * as v from 'valibot';
import type { HttpReply } from '../../cloud/http-front.ts';
import { json } from './method.ts';

const number = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(least),
    v.maxValue(most),
  );

/** What every list takes. */
export const PAGED = {
  page: v.optional(number(1, Number.MAX_SAFE_INTEGER), '1'),
  per_page: v.optional(number(1, 200), '20'),
};

export interface Page {
  page: number;
  per_page: number;
}

/** One page of a list, and where the others are. */
export function listReply(
  member: string,
  things: readonly unknown[],
  { page, per_page }: Page,
  address: string,
): HttpReply {
  const last = Math.max(1, Math.ceil(things.length / per_page));
  const at = (number: number) => {
    const url = new URL(address);
    url.searchParams.set('page', String(number));
    url.searchParams.set('per_page', String(per_page));
    return url.href;
  };
  const before = page > 1 ? { first: at(1), prev: at(page - 1) } : {};
  const after = page < last ? { next: at(page + 1), last: at(last) } : {};
  const pages = { ...before, ...after };
  return json(200, {
    [member]: things.slice((page - 1) * per_page, page * per_page),
    links: Object.keys(pages).length === 0 ? {} : { pages },
    meta: { total: things.length },
  });
}
