import type { Changes } from '../../cloud/changes.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import { uuid } from '../../cloud/identifiers.ts';
import type { RunningSets } from '../compute/running-sets.ts';
import { sameId } from '../ids.ts';
import type { ActionGroup, MetricAlert } from '../model.ts';
import { holds } from './cpu-metric.ts';
import { tickEvery } from './ticking.ts';

export interface AlertsOptions {
  clock: CloudClock;
  sets: RunningSets;
  actionGroups(): readonly ActionGroup[];
  /** Calls one address of an action group. */
  call(url: string, body: object): Promise<void>;
  wallClock(): number;
  emit(happening: Happening): void;
}

/** Azure Monitor's metric alerts, and the action groups that they call. */
export interface Alerts {
  provision(changes: Changes<MetricAlert>): void;
  /** It fires now, whatever the metric says. */
  fire(name: string): Promise<void>;
  /** No alert fires from now on, until it may again. */
  silence(isSilent: boolean): void;
  close(): void;
}

/** While the condition of a stateless alert holds it is told again and again, but not more often than this. */
const TOLD_EVERY_MS = 300_000;

export function createAlerts({ clock, sets, actionGroups, call, wallClock, emit }: AlertsOptions): Alerts {
  const running = new Map<string, { alert: MetricAlert; end(): void }>();
  let silent = false;

  function add(alert: MetricAlert): void {
    let firing = false;
    let toldAt = Number.NEGATIVE_INFINITY;
    const end = tickEvery(clock, alert.everyMs, () => {
      const now = clock.now();
      const value = sets.metric(alert.scope)?.read({ ...alert, statistic: 'Average' }, now);
      // Of a time in which nothing was measured an alert says nothing, and stays as it is.
      if (value === undefined) return;
      const breached = holds(value, alert.comparison, alert.threshold);
      if (breached !== firing) {
        const [from, to] = firing ? ['Fired', 'Resolved'] : ['Resolved', 'Fired'];
        emit({ kind: 'alarm', name: alert.name, from, to });
      }
      // A look that comes a moment late must not make the next one seem early.
      const isDue = now - toldAt > TOLD_EVERY_MS - alert.everyMs / 2;
      const isNews = breached && (alert.stateful ? !firing : isDue);
      firing = breached;
      if (!isNews || silent || !alert.enabled) return;
      toldAt = now;
      void notify(alert, value);
    });
    running.set(alert.id, { alert, end });
  }

  async function notify(alert: MetricAlert, value: number): Promise<void> {
    const groups = actionGroups().filter(
      ({ id, enabled }) => enabled && alert.actionGroups.some((wanted) => sameId(wanted, id)),
    );
    await Promise.all(
      groups.flatMap(({ calls }) => calls.map(({ url }) => call(url, told(alert, value, wallClock())))),
    );
  }

  return {
    provision({ added, changed, removed }) {
      for (const { id } of [...removed, ...changed.map(({ before }) => before)]) {
        running.get(id)?.end();
        running.delete(id);
      }
      for (const alert of [...added, ...changed.map(({ after }) => after)]) add(alert);
    },
    async fire(name) {
      const found = [...running.values()].find(({ alert }) => alert.name === name);
      if (found === undefined) throw new Error(`the twin Azure has no alert ${name}`);
      await notify(found.alert, found.alert.threshold);
    },
    silence(isSilent) {
      silent = isSilent;
    },
    close() {
      for (const { end } of running.values()) end();
      running.clear();
    },
  };
}

/** The common alert schema. */
function told(alert: MetricAlert, value: number, now: number): object {
  const at = new Date(now).toISOString();
  return {
    schemaId: 'azureMonitorCommonAlertSchema',
    data: {
      essentials: {
        alertId: `${alert.id}/alerts/${uuid(`${alert.id} ${now}`)}`,
        alertRule: alert.name,
        severity: 'Sev4',
        signalType: 'Metric',
        monitorCondition: 'Fired',
        monitoringService: 'Platform',
        alertTargetIDs: [alert.scope],
        firedDateTime: at,
        essentialsVersion: '1.0',
        alertContextVersion: '1.0',
      },
      alertContext: {
        conditionType: 'SingleResourceMultipleMetricCriteria',
        condition: {
          allOf: [{ metricName: 'Percentage CPU', threshold: String(alert.threshold), metricValue: value }],
        },
      },
    },
  };
}
