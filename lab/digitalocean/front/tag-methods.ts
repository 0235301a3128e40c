import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { dropletOf, tagName } from './droplet-methods.ts';
import { json, type Method, method, NO_CONTENT } from './method.ts';
import { listReply, PAGED } from './paging.ts';
import { type ApiSeen, need } from './seen.ts';
import { tagView } from './views.ts';

const TAGS = '/v2/tags';
const TAG = `${TAGS}/{tag_id}`;

export const TAG_METHODS: readonly Method<ApiSeen>[] = [
  method(
    { id: 'tags_list', http: 'GET', path: TAGS, scopes: ['tag:read'], query: v.strictObject(PAGED) },
    ({ query }, { tags, droplets, address }) =>
      listReply(
        'tags',
        tags.all().map((name) => tagView(name, droplets.present())),
        query,
        address,
      ),
  ),
  method({ id: 'tags_get', http: 'GET', path: TAG, scopes: ['tag:read'] }, ({ path }, seen) =>
    json(200, { tag: tagView(tagOf(path.tag_id, seen), seen.droplets.present()) }),
  ),
  method(
    {
      id: 'tags_create',
      http: 'POST',
      path: TAGS,
      scopes: ['tag:create'],
      body: v.strictObject({ name: tagName }),
    },
    ({ body: { name } }, { tags, droplets }) =>
      json(201, { tag: tagView(tags.make(name), droplets.present()) }),
  ),
  method({ id: 'tags_delete', http: 'DELETE', path: TAG, scopes: ['tag:delete'] }, ({ path }, seen) => {
    seen.tags.drop(tagOf(path.tag_id, seen));
    return NO_CONTENT;
  }),
  method(
    {
      id: 'tags_assign_resources',
      http: 'POST',
      path: `${TAG}/resources`,
      scopes: ['tag:create'],
      body: v.strictObject({
        resources: v.pipe(
          v.array(v.strictObject({ resource_id: v.string(), resource_type: v.literal('droplet') })),
          v.minLength(1),
        ),
      }),
    },
    ({ path, body: { resources } }, seen) => {
      // The description does not say it; a tag is a change of the droplet.
      need(seen, 'droplet:update');
      const tag = tagOf(path.tag_id, seen);
      // All of them or none.
      const droplets = resources.map(({ resource_id }) => dropletOf(resource_id, seen));
      for (const droplet of droplets) {
        if (!droplet.tags.includes(tag)) seen.droplets.setTags(droplet, [...droplet.tags, tag]);
      }
      return NO_CONTENT;
    },
  ),
];

function tagOf(name: string | undefined, { tags }: ApiSeen): string {
  const found = tags.find(name ?? '');
  if (found === undefined)
    throw new ApiError(404, 'not_found', 'The resource you were accessing could not be found.');
  return found;
}
