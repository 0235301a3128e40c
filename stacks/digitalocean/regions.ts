/**
 * Which regions have what, as DigitalOcean's documentation lists it (March 2026): its API does not tell. Of Functions in New
 * York it names nyc3, and DigitalOcean's own tools nyc1.
 */
const SERVICES = {
  functions: ['ams3', 'blr1', 'fra1', 'lon1', 'nyc1', 'nyc3', 'sfo3', 'sgp1', 'syd1', 'tor1'],
  spaces: ['ams3', 'atl1', 'blr1', 'fra1', 'lon1', 'nyc3', 'sfo2', 'sfo3', 'sgp1', 'syd1', 'tor1'],
} as const;

/** And which there are without them. Of one that is in no list, it is newer than them, nothing is known. */
const OTHERS: readonly string[] = ['ams2', 'nyc2', 'ric1', 'sfo1'];

const USED = [
  ['functionsRegion', 'functions', 'Functions, in which the orchestrator runs'],
  ['spacesRegion', 'spaces', 'Spaces, in which the pool has its buckets'],
] as const satisfies [string, RegionalService, string][];

type RegionalService = keyof typeof SERVICES;

interface Unserved {
  key: string;
  region: string;
  what: string;
  /** Where it is, for people. */
  others: string;
}

/** What the pool's own region does not have, or may not have, where no other is named for it. Pure. */
export function unservedIn(
  section: { region?: string | undefined; functionsRegion?: unknown; spacesRegion?: unknown } = {},
  has: 'no' | 'unknown',
): Unserved[] {
  const { region } = section;
  return USED.flatMap(([key, service, what]) => {
    // What is said by itself is known better than here.
    if (region === undefined || key in section || hasService(service, region) !== has) return [];
    return [{ key: `digitalocean.${key}`, region, what, others: SERVICES[service].join(', ') }];
  });
}

function hasService(service: RegionalService, region: string): 'yes' | 'no' | 'unknown' {
  const inList = (list: readonly string[]) => list.includes(region);
  if (inList(SERVICES[service])) return 'yes';
  return [OTHERS, SERVICES.functions, SERVICES.spaces].some(inList) ? 'no' : 'unknown';
}
