import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { ScaleSet } from '../model.ts';
import { INERT, isoDuration } from './common.ts';
import { hasIdentity, identitiesOf } from './identity.ts';

/** What Azure takes of custom data, before base64. */
const MOST_CUSTOM_DATA = 65_535;

const profileSchema = v.object({
  priority: v.optional(v.picklist(['Regular', 'Spot']), 'Regular'),
  osProfile: v.object({ computerNamePrefix: v.string(), customData: v.string() }),
  userData: v.optional(v.string()),
  scheduledEventsProfile: v.optional(
    v.object({
      terminateNotificationProfile: v.optional(
        v.object({ enable: v.boolean(), notBeforeTimeout: v.optional(isoDuration, 'PT5M') }),
      ),
    }),
    {},
  ),
});

const setSchema = v.strictObject({
  ...INERT,
  location: v.string(),
  tags: v.optional(v.record(v.string(), v.string()), {}),
  vmScaleSetName: v.string(),
  orchestrationMode: v.literal('Uniform'),
  sku: v.object({ name: v.string(), capacity: v.number() }),
  zones: v.optional(v.array(v.string()), []),
  zoneBalance: v.optional(v.boolean()),
  overprovision: v.literal(false, 'the twin makes none that it deletes again'),
  singlePlacementGroup: v.optional(v.boolean()),
  platformFaultDomainCount: v.optional(v.number()),
  upgradePolicy: v.object({ mode: v.literal('Manual', 'the twin replaces no machine of its own accord') }),
  scaleInPolicy: v.optional(
    v.object({
      rules: v.optional(v.array(v.picklist(['Default', 'NewestVM']))),
      forceDeletion: v.optional(v.boolean()),
    }),
  ),
  automaticRepairsPolicy: v.optional(v.undefined('the twin has no health probes')),
  identity: v.optional(hasIdentity),
  virtualMachineProfile: profileSchema,
});

export function readScaleSets(resources: readonly RecordedResource[]): ScaleSet[] {
  return ofType(resources, ['azure-native:compute:VirtualMachineScaleSet'], setSchema).map(({ id, is }) => {
    const { virtualMachineProfile: profile } = is;
    const { terminateNotificationProfile: notice } = profile.scheduledEventsProfile;
    return {
      id,
      name: is.vmScaleSetName,
      location: is.location,
      zones: is.zones,
      capacity: is.sku.capacity,
      vmSize: is.sku.name,
      tags: is.tags,
      customData: readCustomData(profile.osProfile.customData),
      ...(profile.userData === undefined ? {} : { userData: profile.userData }),
      identities: is.identity === undefined ? [] : identitiesOf(resources, is.identity),
      ...(notice?.enable ? { terminateNoticeMs: notice.notBeforeTimeout } : {}),
      spot: profile.priority === 'Spot',
    };
  });
}

/** As cloud-init reads it: base64, and gzip inside where it begins like that. */
function readCustomData(encoded: string): string {
  const raw = Buffer.from(encoded, 'base64');
  if (raw.length > MOST_CUSTOM_DATA) {
    throw new Error(`the custom data are ${raw.length} bytes: Azure takes ${MOST_CUSTOM_DATA}`);
  }
  return (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString('utf8');
}
