/** What a LiveKit server, real or twin, says of its work. */
export interface MetricsReading {
  readonly nodeId: string;
  readonly rooms: number;
  readonly people: number;
  /** Undefined before the first track. */
  readonly audioTracks: number | undefined;
}

const TIMEOUT_MS = 10_000;

export async function readMetrics(node: { host: string; metricsPort: number }): Promise<MetricsReading> {
  const where = `http://${node.host}:${node.metricsPort}/metrics`;
  const response = await fetch(where, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await response.text();
  const nodeId = /^livekit_room_total\{[^}]*node_id="([^"]+)"/m.exec(text)?.[1];
  if (!response.ok || nodeId === undefined)
    throw new Error(`${where} answers ${response.status} without LiveKit's metrics`);
  return {
    nodeId,
    rooms: gauge(text, 'livekit_room_total') ?? Number.NaN,
    people: gauge(text, 'livekit_participant_total') ?? Number.NaN,
    audioTracks: gauge(text, 'livekit_track_published_total', 'kind="AUDIO"'),
  };
}

function gauge(text: string, name: string, label = ''): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(label));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
