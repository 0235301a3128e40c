import type { Rooms } from './rooms.ts';

/** The gauges of LiveKit 1.13 that tell of its work, with its names and labels. Tracks appear with the first one. */
export function renderMetrics(
  nodeId: string,
  rooms: Pick<Rooms, 'count' | 'people' | 'subscriptions'>,
  everPublished: boolean,
): string {
  const node = `node_id="${nodeId}",node_type="SERVER"`;
  const lines = [
    gauge('livekit_participant_total', `{${node}}`, rooms.people),
    gauge('livekit_room_total', `{${node}}`, rooms.count),
  ];
  if (everPublished) {
    lines.push(
      gauge('livekit_track_published_total', `{kind="AUDIO",${node}}`, rooms.people),
      gauge('livekit_track_subscribed_total', `{kind="AUDIO",${node}}`, rooms.subscriptions),
    );
  }
  return lines.join('');
}

function gauge(name: string, labels: string, value: number): string {
  return `# HELP ${name} \n# TYPE ${name} gauge\n${name}${labels} ${value}\n`;
}
