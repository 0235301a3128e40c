import * as v from 'valibot';
import { parseXml } from '../xml.ts';

const headSchema = v.object({
  ListBucketResult: v.object({
    IsTruncated: v.picklist(['true', 'false']),
    NextContinuationToken: v.optional(v.string()),
    // What is left of it where an object is not told as others are.
    Contents: v.optional(v.never()),
  }),
});

interface ListedObject {
  Key: string;
  LastModified: string;
}

export interface ListPage {
  objects: ListedObject[];
  isTruncated: boolean;
  token: string | undefined;
}

const OBJECT = /<Contents>(.*?)<\/Contents>/gs;
const KEY = /<Key>([^<]*)<\/Key>/;
const LAST_MODIFIED = /<LastModified>([^<]*)<\/LastModified>/;

/**
 * A page of a list of S3; undefined where it is none, or not whole. Its thousand objects are all alike, and are read by their
 * two members alone: to parse each as XML takes a tenth of a second a page, and who asks for ten thousand has one.
 */
export function parseListPage(text: string): ListPage | undefined {
  const objects: ListedObject[] = [];
  let isRight = true;
  const head = text.replace(OBJECT, (_, members: string) => {
    const [Key, LastModified] = [textOf(KEY, members), textOf(LAST_MODIFIED, members)];
    if (Key === undefined || LastModified === undefined) isRight = false;
    else objects.push({ Key, LastModified });
    return '';
  });
  const parsed = v.safeParse(headSchema, parseXml(head, []));
  if (!isRight || !parsed.success) return undefined;
  const { IsTruncated, NextContinuationToken } = parsed.output.ListBucketResult;
  return { objects, isTruncated: IsTruncated === 'true', token: NextContinuationToken };
}

function textOf(member: RegExp, members: string): string | undefined {
  const written = member.exec(members)?.[1];
  if (written?.includes('&') !== true) return written;
  const { Text } = parseXml(`<Text>${written}</Text>`, [], { keepSpaces: true });
  return typeof Text === 'string' ? Text : undefined;
}
