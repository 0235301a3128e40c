import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import type { Path } from '../../cloud/api-request.ts';
import type { RunningSets } from '../compute/running-sets.ts';
import { groupOf, lastOf, sameId } from '../ids.ts';
import type { AutoscaleRule, AutoscaleSetting } from '../model.ts';
import type { Autoscale } from '../monitor/autoscale.ts';
import { json, type Method, method } from './arm-method.ts';

const AUTOSCALE_VERSION = '2022-10-01';
const SETTINGS = 'providers/Microsoft.Insights/autoscalesettings';
const GROUP = '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}';
const SETTING = `${GROUP}/${SETTINGS}/{autoscaleSettingName}`;
const ACTIONS = 'Microsoft.Insights/autoscaleSettings';

/** A whole setting is sent, of which only this may be another than it was. */
const writtenSchema = v.looseObject({
  location: v.string(),
  properties: v.looseObject({ enabled: v.boolean(), targetResourceUri: v.string() }),
});

/** Autoscale settings, as far as an operator reads them and switches them off. */
export function createAutoscaleMethods(sets: RunningSets, location: () => string): Method[] {
  const settingId = (path: Path) =>
    `/subscriptions/${path.subscriptionId}/resourceGroups/${path.resourceGroupName}/providers/Microsoft.Insights/autoscaleSettings/${path.autoscaleSettingName}`;
  const common = { version: AUTOSCALE_VERSION, path: SETTING, scope: settingId };

  function must(path: Path): Autoscale {
    const id = settingId(path);
    const found = sets
      .all()
      .map(({ set }) => sets.autoscale(set.id))
      .find((each) => each !== undefined && sameId(each.setting.id, id));
    if (found) return found;
    throw new ApiError(404, 'ResourceNotFound', `The Resource '${id}' was not found.`);
  }

  const all = () => sets.all().flatMap(({ set }) => sets.autoscale(set.id)?.setting ?? []);
  const list = (settings: readonly AutoscaleSetting[]) =>
    json(200, { value: settings.map((setting) => settingView(setting, location())) });
  const listed = { version: AUTOSCALE_VERSION, http: 'GET', action: `${ACTIONS}/read` };

  return [
    method(
      {
        ...listed,
        id: 'AutoscaleSettings_ListBySubscription',
        path: `/subscriptions/{subscriptionId}/${SETTINGS}`,
        scope: ({ subscriptionId }) => `/subscriptions/${subscriptionId}`,
      },
      () => list(all()),
    ),
    method(
      {
        ...listed,
        id: 'AutoscaleSettings_ListByResourceGroup',
        path: `${GROUP}/${SETTINGS}`,
        scope: ({ subscriptionId, resourceGroupName }) =>
          `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}`,
      },
      ({ path }) => list(all().filter(({ id }) => sameId(groupOf(id), path.resourceGroupName ?? ''))),
    ),
    method({ ...common, id: 'AutoscaleSettings_Get', http: 'GET', action: `${ACTIONS}/read` }, ({ path }) =>
      json(200, settingView(must(path).setting, location())),
    ),
    method(
      {
        ...common,
        id: 'AutoscaleSettings_CreateOrUpdate',
        http: 'PUT',
        action: `${ACTIONS}/write`,
        body: writtenSchema,
      },
      ({ path, body }) => {
        const autoscale = must(path);
        autoscale.change({ ...autoscale.setting, enabled: body.properties.enabled });
        return json(200, settingView(autoscale.setting, location()));
      },
    ),
  ];
}

function settingView(
  { id, target, enabled, min, max, initial, rules }: AutoscaleSetting,
  location: string,
): object {
  return {
    id,
    name: lastOf(id),
    type: 'Microsoft.Insights/autoscaleSettings',
    location,
    properties: {
      name: lastOf(id),
      targetResourceUri: target,
      enabled,
      profiles: [
        {
          name: 'growth',
          capacity: { minimum: String(min), maximum: String(max), default: String(initial) },
          rules: rules.map((rule) => ruleView(rule, target)),
        },
      ],
    },
  };
}

function ruleView(rule: AutoscaleRule, target: string): object {
  const minutes = (ms: number) => `PT${Math.round(ms / 60_000)}M`;
  return {
    metricTrigger: {
      metricName: 'Percentage CPU',
      metricResourceUri: target,
      timeGrain: 'PT1M',
      statistic: STATISTICS[rule.statistic],
      timeWindow: minutes(rule.windowMs),
      timeAggregation: rule.aggregation,
      operator: rule.comparison,
      threshold: rule.threshold,
      dividePerInstance: false,
    },
    scaleAction: {
      direction: rule.direction,
      type: 'ChangeCount',
      value: String(rule.by),
      cooldown: minutes(rule.coolDownMs),
    },
  };
}

const STATISTICS = { Average: 'Average', Minimum: 'Min', Maximum: 'Max' } as const;
