/** For people. Azure's zones are numbers, which say nothing by themselves; elsewhere a zone's name is enough. */
export function describeZone(zone: string): string {
  return /^\d+$/.test(zone) ? `zone ${zone}` : zone;
}
