/** Some of what DigitalOcean has: as much as a program may name. */
interface Size {
  slug: string;
  memory: number;
  vcpus: number;
  disk: number;
  monthly: number;
}

const SIZES: readonly Size[] = [
  { slug: 's-1vcpu-1gb', memory: 1_024, vcpus: 1, disk: 25, monthly: 6 },
  { slug: 's-4vcpu-8gb', memory: 8_192, vcpus: 4, disk: 160, monthly: 48 },
  { slug: 'c-2', memory: 4_096, vcpus: 2, disk: 25, monthly: 42 },
  { slug: 'c-4', memory: 8_192, vcpus: 4, disk: 50, monthly: 84 },
  { slug: 'c-8', memory: 16_384, vcpus: 8, disk: 100, monthly: 168 },
];

const REGIONS: readonly { slug: string; name: string; available: boolean }[] = [
  { slug: 'ams3', name: 'Amsterdam 3', available: true },
  { slug: 'fra1', name: 'Frankfurt 1', available: true },
  { slug: 'nyc2', name: 'New York 2', available: false },
  { slug: 'nyc3', name: 'New York 3', available: true },
];

const IMAGES = [
  { id: 194_000_013, slug: 'debian-13-x64', name: '13 x64', distribution: 'Debian' },
  { id: 184_000_012, slug: 'debian-12-x64', name: '12 x64', distribution: 'Debian' },
] as const;

export function regionViews() {
  return REGIONS.map(({ slug, name, available }) => ({
    slug,
    name,
    available,
    features: ['backups', 'ipv6', 'metadata', 'storage'],
    sizes: available ? SIZES.map((size) => size.slug) : [],
  }));
}

export function sizeViews() {
  const regions = REGIONS.filter(({ available }) => available).map(({ slug }) => slug);
  return SIZES.map(({ monthly, ...size }) => ({
    ...size,
    transfer: 5,
    price_monthly: monthly,
    price_hourly: monthly / 672,
    regions,
    available: true,
    description: size.slug.startsWith('c-') ? 'CPU-Optimized' : 'Basic',
  }));
}

/** By its name or its number; undefined: there is none. */
export function imageView(wanted: string | number) {
  const found = IMAGES.find(({ id, slug }) => slug === wanted || String(id) === String(wanted));
  if (found === undefined) return undefined;
  return {
    ...found,
    type: 'base',
    public: true,
    regions: REGIONS.map(({ slug }) => slug),
    created_at: '2026-08-09T00:00:00Z',
    min_disk_size: 10,
    size_gigabytes: 0.5,
    description: `${found.distribution} ${found.name}`,
    tags: [],
    status: 'available',
    error_message: '',
  };
}
