import * as v from 'valibot';

/** What is read of DigitalOcean's answers; everything else of them is left alone. */
const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const dropletSchema = v.object({
  id: v.pipe(v.number(), v.integer(), v.minValue(1)),
  name: text,
  /** `new`, `active`, `off`, `archive`. */
  status: text,
  created_at: text,
  region: v.object({ slug: text }),
  tags: v.array(v.string()),
});
export type Droplet = v.InferOutput<typeof dropletSchema>;

export const dropletsSchema = v.object({
  droplets: v.array(dropletSchema),
  links: v.optional(v.object({ pages: v.optional(v.object({ next: v.optional(v.string()) }), {}) }), {}),
  meta: v.object({ total: count }),
});

export const createdSchema = v.object({ droplet: v.object({ id: dropletSchema.entries.id, name: text }) });
export const accountSchema = v.object({ account: v.object({ droplet_limit: count }) });
export const totalSchema = v.object({ meta: v.object({ total: count }) });
