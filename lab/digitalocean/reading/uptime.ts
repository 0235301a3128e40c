import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { UptimeAlert, UptimeCheck } from '../model.ts';

const PERIODS = ['2m', '3m', '5m', '10m', '15m', '30m', '1h'] as const;
const MINUTE_MS = 60_000;

const checkSchema = v.strictObject({
  name: v.string(),
  type: v.picklist(['http', 'https'], 'which the twin does not know: it asks by HTTP only'),
  target: v.pipe(v.string(), v.url()),
  regions: v.pipe(v.array(v.picklist(['us_east', 'us_west', 'eu_west', 'se_asia'])), v.minLength(1)),
  enabled: v.boolean(),
});
const alertSchema = v.strictObject({
  checkId: v.string(),
  name: v.string(),
  type: v.picklist(['down', 'down_global'], 'which the twin does not know: it measures no latency'),
  period: v.picklist(PERIODS),
  threshold: v.literal(1),
  comparison: v.literal('less_than'),
  notifications: v.pipe(v.array(v.strictObject({ emails: v.array(v.string()) })), v.length(1)),
});

export function readUptimeChecks(resources: readonly RecordedResource[]): UptimeCheck[] {
  const alerts = ofType(resources, ['digitalocean:index/uptimeAlert:UptimeAlert'], alertSchema);
  return ofType(resources, ['digitalocean:index/uptimeCheck:UptimeCheck'], checkSchema).map(({ id, is }) => ({
    id,
    ...is,
    alerts: alerts.filter((alert) => alert.is.checkId === id).map((alert) => alertOf(alert.id, alert.is)),
  }));
}

function alertOf(
  id: string,
  { name, type, period, notifications }: v.InferOutput<typeof alertSchema>,
): UptimeAlert {
  const emails = notifications.flatMap((each) => each.emails);
  return { id, name, type, periodMs: periodMs(period), emails };
}

function periodMs(period: (typeof PERIODS)[number]): number {
  return Number.parseInt(period, 10) * (period.endsWith('h') ? 60 : 1) * MINUTE_MS;
}
