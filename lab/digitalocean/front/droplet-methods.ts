import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { imageView, regionViews } from '../catalogue.ts';
import type { Droplet } from '../droplets/droplet.ts';
import { json, type Method, method, NO_CONTENT } from './method.ts';
import { listReply, PAGED } from './paging.ts';
import { type ApiSeen, need } from './seen.ts';
import { dropletView } from './views.ts';

const DROPLETS = '/v2/droplets';
const DROPLET = `${DROPLETS}/{droplet_id}`;
const LARGEST_USER_DATA = 64 * 1024;

const text = v.pipe(v.string(), v.minLength(1));
export const tagName = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_\-:]+$/, 'is no tag'), v.maxLength(255));

const wanted = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/, 'Only valid hostnames')),
  region: text,
  size: text,
  image: v.union([text, v.number()]),
  vpc_uuid: v.optional(text),
  ssh_keys: v.optional(v.array(v.union([text, v.number()]))),
  monitoring: v.optional(v.boolean(), false),
  tags: v.optional(v.array(tagName), []),
  user_data: v.optional(
    v.pipe(
      v.string(),
      v.check((data) => Buffer.byteLength(data) <= LARGEST_USER_DATA, 'user_data is too large'),
    ),
    '',
  ),
});

export const DROPLET_METHODS: readonly Method<ApiSeen>[] = [
  method(
    {
      id: 'droplets_list',
      http: 'GET',
      path: DROPLETS,
      scopes: ['droplet:read'],
      query: v.strictObject({ ...PAGED, tag_name: v.optional(text), name: v.optional(text) }),
    },
    ({ query: { tag_name, name, ...page } }, seen) => {
      const tag = tag_name === undefined ? undefined : (seen.tags.find(tag_name) ?? tag_name);
      const found = seen.droplets
        .present()
        .filter(
          (droplet) =>
            (tag === undefined || droplet.tags.includes(tag)) &&
            (name === undefined || droplet.name === name),
        );
      return listReply(
        'droplets',
        found.map((droplet) => view(droplet, seen)),
        page,
        seen.address,
      );
    },
  ),
  method({ id: 'droplets_get', http: 'GET', path: DROPLET, scopes: ['droplet:read'] }, ({ path }, seen) =>
    json(200, { droplet: view(dropletOf(path.droplet_id, seen), seen) }),
  ),
  method(
    { id: 'droplets_create', http: 'POST', path: DROPLETS, scopes: ['droplet:create'], body: wanted },
    ({ body }, seen) => {
      need(seen, 'image:read', 'regions:read', 'sizes:read', 'actions:read');
      if (body.tags.length > 0) need(seen, 'tag:create');
      if (body.vpc_uuid !== undefined) need(seen, 'vpc:read');
      if ((body.ssh_keys ?? []).length > 0) need(seen, 'ssh_key:read');
      const region = regionViews().find(({ slug }) => slug === body.region);
      if (!region?.available) throw refused('Region is not available');
      if (!region.sizes.includes(body.size)) throw refused('Size is not available in this region.');
      if (imageView(body.image) === undefined)
        throw refused('You specified an invalid image for Droplet creation.');
      const vpc = seen.model().vpcs.find(({ id }) => id === body.vpc_uuid);
      if (body.vpc_uuid !== undefined && vpc?.region !== body.region)
        throw refused('the VPC is not in the region of the Droplet');
      if (seen.droplets.present().length >= seen.dropletLimit())
        throw refused('creating this/these droplet(s) will exceed your droplet limit');
      const droplet = seen.droplets.create(
        {
          name: body.name,
          region: body.region,
          size: body.size,
          image: body.image,
          vpc: body.vpc_uuid,
          monitoring: body.monitoring,
          userData: body.user_data,
          tags: body.tags.map(seen.tags.make),
        },
        seen.holder.name,
      );
      return json(202, { droplet: view(droplet, seen), links: { actions: [] } });
    },
  ),
  method(
    { id: 'droplets_destroy', http: 'DELETE', path: DROPLET, scopes: ['droplet:delete'] },
    ({ path }, seen) => {
      seen.droplets.delete(dropletOf(path.droplet_id, seen), `deleted by ${seen.holder.name}`);
      return NO_CONTENT;
    },
  ),
];

/** Whoever may not read tags sees none. */
function view(droplet: Droplet, { holder }: ApiSeen) {
  return dropletView(droplet, holder.scopes.has('tag:read') ? droplet.tags : []);
}

export function dropletOf(id: string | undefined, { droplets }: ApiSeen): Droplet {
  const found = droplets.present().find((droplet) => String(droplet.id) === id);
  if (found === undefined)
    throw new ApiError(404, 'not_found', 'The resource you were accessing could not be found.');
  return found;
}

function refused(message: string): ApiError {
  return new ApiError(422, 'unprocessable_entity', message);
}
