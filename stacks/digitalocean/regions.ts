/**
 * Which regions have what, as DigitalOcean's documentation lists it: its API does not tell. One that is missing here can be
 * named by an operator who knows better.
 */
const SERVICES = {
  functions: ['ams3', 'blr1', 'fra1', 'lon1', 'nyc1', 'nyc3', 'sfo3', 'sgp1', 'syd1', 'tor1'],
  spaces: ['ams3', 'atl1', 'blr1', 'fra1', 'lon1', 'nyc3', 'sfo2', 'sfo3', 'sgp1', 'syd1', 'tor1'],
} as const;

export type RegionalService = keyof typeof SERVICES;

export function hasService(service: RegionalService, region: string): boolean {
  return regionsWith(service).includes(region);
}

export function regionsWith(service: RegionalService): readonly string[] {
  return SERVICES[service];
}
