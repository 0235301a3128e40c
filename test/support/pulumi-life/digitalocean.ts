import assert from 'node:assert/strict';
import { deployedIn } from '../../../lab/digitalocean/deployed.ts';
import type { OceanTwin } from '../../../lab/digitalocean/ocean-twin.ts';
import { OPERATOR_TOKEN, ORCHESTRATOR_TOKEN } from '../../../lab/digitalocean/tokens.ts';
import { startLocalOcean } from '../../../lab/local-stack/digitalocean-cloud.ts';
import { outOfOrder } from '../out-of-order.ts';
import { decisionBy } from './decided.ts';
import type { LifeRow } from './row.ts';

const BUCKET = 'digitalocean:index/spacesBucket:SpacesBucket';
const ACTION = 'pulumi-nodejs:dynamic/ebbtide:FunctionsAction media-orchestrator';

export const DIGITALOCEAN_LIFE: LifeRow<OceanTwin> = {
  name: 'digitalocean',
  start: startLocalOcean,
  settings: { 'ebbtide:alarms': { notify: ['on-call@example.org'] } },
  types: { group: 'digitalocean:index/vpc:Vpc', bucket: BUCKET },
  resources: 38,
  // Each comes of what is drawn or given when a thing is made: the pool's own part of its buckets' names, keys of Spaces, the
  // namespace's id and address, secrets. Pulumi's dynamic resources tell nothing at preview.
  unknownAtFirst: [
    'DestroySweep.codeBucket',
    'DestroySweep.function',
    'DestroySweep.namespace',
    'DestroySweep.poolSecret',
    'DestroySweep.spacesAccessKeyId',
    'DestroySweep.spacesSecretAccessKey',
    'DestroySweep.statusesBucket',
    'FunctionsAction.namespace',
    'FunctionsAction.parameters',
    'FunctionsAction.webSecret',
    'FunctionsPackage.namespace',
    'FunctionsTrigger.function',
    'FunctionsTrigger.namespace',
    'SpacesBucket.name',
    'SpacesBucketObject.bucket',
    'SpacesBucketObject.content',
    'SpacesBucketObject.key',
    'SpacesKey.grants',
    'SpacesKey.name',
    'UptimeAlert.checkId',
    'UptimeCheck.target',
    'digitalocean.spacesAccessId',
    'digitalocean.spacesSecretKey',
  ],
  servesAfterUp: false,
  touched: {
    target: [ACTION],
    max: [ACTION],
    // Another template is another object, made before the one before goes.
    template: ['digitalocean:index:SpacesBucketObject media-template', ACTION],
  },
  fixed: [
    {
      what: 'another region of its buckets',
      key: 'ebbtide:digitalocean',
      setting: { spacesRegion: 'ams3' },
      says: /is "ams3": the pool's buckets are in fra1, and would be deleted/,
    },
    {
      what: 'another range of its network',
      key: 'ebbtide:network',
      setting: { cidr: '10.88.0.0/16' },
      says: /another range is another VPC/,
    },
  ],
  otherNetwork: { cidr: '10.90.0.0/16' },
  target: (twin) => {
    const target = deployedIn(twin.functions)?.settings.targetCpu;
    return target && Math.round(target * 100);
  },
  template: (twin) => deployedIn(twin.functions)?.settings.userData.sha256,
  secrets({ cloud: { twin } }) {
    const namespaces = [...twin.functions.namespaces.values()];
    const actions = namespaces.flatMap(({ actions }) => [...actions.values()]);
    const wake = actions.flatMap(({ annotations }) =>
      annotations.flatMap(({ key, value }) =>
        key === 'require-whisk-auth' && typeof value === 'string' ? [value] : [],
      ),
    );
    return [
      OPERATOR_TOKEN,
      ORCHESTRATOR_TOKEN,
      deployedIn(twin.functions)?.poolSecret ?? '',
      ...wake,
      ...namespaces.map(({ key }) => key),
      ...twin.model().spacesKeys.map(({ secretKey }) => secretKey),
    ];
  },
  // Whatever a run makes of its own accord, or a decision leaves behind.
  left: (twin) => [...twin.functions.namespaces.keys(), ...twin.tags()],
  refusal: {
    busy: /ebbtide-media-[a-z0-9]{8} \(fra1, active\): serving, 1 rooms, 2 people/,
    drainFirst: /To drain first:[\s\S]*doctl serverless/,
  },
  stopEnding: ({ faults }) => outOfOrder(faults, { service: 'function', action: 'ebbtide/orchestrator' }),
  letGo({ cloud: { twin } }, node) {
    const machine = twin.droplets().find(({ name, isGone }) => name === node && !isGone)?.id;
    assert.ok(machine);
    const code = twin.model().buckets.find(({ name }) => name.endsWith('-code'))?.name ?? '';
    const decision = decisionBy('orchestrator', { node, machine: String(machine) });
    twin.putObject(code, `decisions/${node}.json`, decision);
  },
  // Out of the count, as one that drains is.
  giveUp({ cloud: { twin } }, node) {
    twin.tag(node, 'ebbtide-media-draining');
    twin.tag(node, `ebbtide-decision:1-${node.slice(-4)}`);
  },
  holdDestroy: ({ faults }) =>
    outOfOrder(faults, { service: 'functions', action: 'functions_update_trigger' }),
};
