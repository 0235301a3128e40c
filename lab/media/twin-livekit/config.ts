import * as v from 'valibot';
import { parse } from 'yaml';

const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535));

/** What the twin uses of LiveKit's own configuration. The rest is the real server's affair and is let be. */
const configSchema = v.object({
  port: v.optional(port, 7880),
  bind_addresses: v.optional(v.array(v.string()), ['']),
  keys: v.optional(v.nullable(v.record(v.string(), v.string())), {}),
  rtc: v.optional(v.object({ udp_port: v.optional(v.union([port, v.string()])) }), {}),
  prometheus: v.optional(v.object({ port: v.optional(port, 0) }), {}),
  redis: v.optional(v.object({ address: v.optional(v.string()) }), {}),
  room: v.optional(
    v.object({
      empty_timeout: v.optional(v.number(), 300),
      departure_timeout: v.optional(v.number(), 20),
    }),
    {},
  ),
});

export interface TwinConfig {
  readonly signalPort: number;
  readonly addresses: readonly string[];
  /** 0 where metrics are off, as they are in LiveKit unless asked for. */
  readonly metricsPort: number;
  readonly emptyTimeoutMs: number;
  readonly departureTimeoutMs: number;
}

/** Reads LiveKit's YAML. Like the real server it does not start without keys. */
export function readConfig(text: string): TwinConfig {
  const parsed = v.parse(configSchema, parse(text) ?? {});
  if (Object.keys(parsed.keys ?? {}).length === 0) {
    throw new Error('one of key-file or keys must be provided');
  }
  return {
    signalPort: parsed.port,
    addresses: parsed.bind_addresses,
    metricsPort: parsed.prometheus.port ?? 0,
    emptyTimeoutMs: (parsed.room.empty_timeout ?? 300) * 1000,
    departureTimeoutMs: (parsed.room.departure_timeout ?? 20) * 1000,
  };
}
