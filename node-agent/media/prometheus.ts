/** One sample of the Prometheus text format: `name{label="value"} 3`. */
export interface Sample {
  name: string;
  labels: string;
  value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})?\s+(\S+)/;

/** The samples with the wanted names; everything else in a page that may be long is passed over unread. */
export function readSamples(page: string, wanted: readonly string[]): Sample[] {
  const samples: Sample[] = [];
  for (const line of page.split('\n')) {
    if (!wanted.some((name) => line.startsWith(name))) continue;
    const match = LINE.exec(line);
    const name = match?.[1];
    if (match === null || name === undefined || !wanted.includes(name)) continue;
    samples.push({ name, labels: match[2] ?? '', value: Number(match[3]) });
  }
  return samples;
}
