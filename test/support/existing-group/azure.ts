import assert from 'node:assert/strict';
import type { Decision } from '../../../fleet/decision.ts';
import type { AzureTwin } from '../../../lab/azure/azure-twin.ts';
import { SUBSCRIPTION } from '../../../lab/azure/place.ts';
import { startLocalAzure } from '../../../lab/local-stack/azure-cloud.ts';
import { azureNames } from '../../../stacks/azure/names.ts';
import { renderCloudConfig } from '../../../stacks/user-data.ts';
import { THEIR_RESOURCE_GROUP, THEIR_SET, theirSet } from './outside-azure.ts';
import type { LoanRow } from './row.ts';

const IN_THEIRS = { 'ebbtide:azure': { resourceGroup: THEIR_RESOURCE_GROUP } };
const PLACE = { subscriptionId: SUBSCRIPTION, resourceGroup: THEIR_RESOURCE_GROUP };
const { storage } = azureNames('media', PLACE);
/** So many twin minutes before its end a machine of theirs is told. */
const NOTICE_MS = 300_000;

export const AZURE_LOAN: LoanRow<AzureTwin> = {
  name: 'azure',
  async start({ values, ...options }) {
    const cloud = await startLocalAzure({ ...options, values: { ...values, ...IN_THEIRS } }, theirSet);
    // By somebody else, before Ebbtide came: it must stay so.
    for (const machine of cloud.twin.machines()) machine.protection = { protectFromScaleIn: true };
    return cloud;
  },
  settings: {
    'ebbtide:pool': { name: 'media', existingGroup: THEIR_SET, min: 1, max: 3 },
    ...IN_THEIRS,
    'ebbtide:scaling': { warmUp: '2s', coolDown: '1s', lowFor: '1s' },
  },
  bucket: 'azure-native:storage:StorageAccount',
  rules(twin) {
    const { tags, identities, terminateNoticeMs } = setOf(twin).set;
    return {
      tags,
      identities,
      terminateNoticeMs,
      protected: protectedIn(twin),
      autoscale: twin.autoscaleSettings(),
    };
  },
  // Of the set nothing is written; its machines the runbook protects, one by one as they come.
  assertBorrowed: (twin) => assert.deepEqual(protectedIn(twin), [`${THEIR_SET}_0`]),
  refusal: {
    spoil(twin) {
      const { terminateNoticeMs: _, ...untold } = setOf(twin).set;
      setOf(twin).change(untold);
    },
    mend: (twin) => setOf(twin).change({ ...setOf(twin).set, terminateNoticeMs: NOTICE_MS }),
    says: /its machines are not told before they are deleted/,
  },
  bootWith(twin, script) {
    const path = '/opt/theirs/ebbtide-node.sh';
    const customData = renderCloudConfig([{ path, permissions: '0755', content: script.trimEnd() }]).replace(
      /runcmd:[\s\S]*/,
      `runcmd:\n  - [/bin/bash, ${path}]\n`,
    );
    setOf(twin).change({ ...setOf(twin).set, customData });
  },
  /** As `fleet remove` does it: by the capacity of a set, machines go with the calls on them. */
  shrink(twin, [node = '']) {
    const { vmId } = twin.machines().find(({ name }) => name === node) ?? assert.fail(node);
    const decision: Decision = {
      ...{ v: 1, id: 'd-1', node, machine: vmId, pool: 'media', by: 'ann' },
      ...{ at: new Date().toISOString(), cause: 'operator', intent: 'leave', reason: 'removed by ann' },
    };
    twin.putObject(storage, `decisions/${node}.json`, JSON.stringify(decision));
  },
  leaving: (node) => new RegExp(`${node} \\([123], Succeeded, running\\): draining, 1 rooms, 1 people`),
};

function setOf(twin: AzureTwin) {
  const [only] = twin.scaleSets();
  return only ?? assert.fail('no scale set');
}

function protectedIn(twin: AzureTwin): string[] {
  return twin
    .machines()
    .filter(({ protection, isGone }) => !isGone && protection?.protectFromScaleIn === true)
    .map(({ name }) => name);
}
