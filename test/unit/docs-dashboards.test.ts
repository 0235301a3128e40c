import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import { statusOf } from '../../node-agent/core/status.ts';
import type { Metric } from '../../node-agent/operator/exposition.ts';
import { metricsOf, processMetrics } from '../../node-agent/operator/metrics.ts';
import { AgentWorld } from '../support/agent-world.ts';

function read(file: string): string {
  return readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
}

/** What an agent writes, whatever it has to tell at the moment. */
function written(): Metric[] {
  const { agent: state, settings, at } = new AgentWorld();
  assert.ok(state !== undefined);
  return [
    ...metricsOf({ status: statusOf(state, settings, at), state, settings, at }),
    ...processMetrics(at, 1),
  ];
}

const names = written().map(({ name }) => name);

/** What the page of the documents tells of each, beside the names of all. */
const NOT_ON_THE_DASHBOARD = [
  // How far a drain may go is told with each; a sum and its count are for whoever makes an average of them.
  'ebbtide_drain_seconds_total',
  'ebbtide_give_back_seconds_total',
  'ebbtide_capacity',
  'ebbtide_decision_deadline_seconds',
];

/** Grafana's own variables, as it would put something in their place. */
function filledIn(expression: string): string {
  return expression.replaceAll('[$__range]', '[24h]').replaceAll('$pool', 'media');
}

/** The metrics that an expression names; fails where it is none that Prometheus' own grammar takes. */
function metricsIn(expression: string): string[] {
  const text = filledIn(expression);
  const found: string[] = [];
  parser.parse(text).iterate({
    enter(node) {
      assert.ok(
        !node.type.isError,
        `Prometheus does not take ${text.slice(0, node.from)} >>> ${text.slice(node.from)}`,
      );
      const { parent } = node.node;
      if (node.name === 'Identifier' && parent?.name === 'VectorSelector')
        found.push(text.slice(node.from, node.to));
    },
  });
  return found;
}

const dashboard = v.parse(
  v.object({
    templating: v.object({ list: v.array(v.object({ name: v.string(), type: v.string() })) }),
    panels: v.array(
      v.object({
        id: v.number(),
        title: v.string(),
        type: v.string(),
        gridPos: v.object({ x: v.number(), y: v.number(), w: v.number(), h: v.number() }),
        targets: v.optional(
          v.array(
            v.object({
              expr: v.string(),
              datasource: v.object({ uid: v.pipe(v.string(), v.regex(/^\$\{datasource\}$/)) }),
            }),
          ),
          [],
        ),
      }),
    ),
  }),
  JSON.parse(read('dashboards/ebbtide.json')),
);
const expressions = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ from: `the panel "${title}"`, expr })),
);
const rules = v.parse(
  v.object({
    groups: v.array(
      v.object({
        rules: v.array(
          v.object({ alert: v.string(), expr: v.string(), annotations: v.object({ summary: v.string() }) }),
        ),
      }),
    ),
  }),
  parseYaml(read('dashboards/alerts.yaml')),
);
const alerts = rules.groups.flatMap((group) => group.rules);

describe('the dashboard and the alert rules', () => {
  for (const { from, expr } of [
    ...expressions,
    ...alerts.map(({ alert, expr: rule }) => ({ from: `the alert ${alert}`, expr: rule })),
  ]) {
    it(`${from} asks for what an agent writes, in words that Prometheus takes`, () => {
      const asked = metricsIn(expr);
      assert.ok(asked.length > 0, expr);
      assert.deepEqual(
        asked.filter((name) => !names.includes(name)),
        [],
      );
    });
  }

  it('has every metric of the agent, but those that are left out by name', () => {
    const shown = new Set(expressions.flatMap(({ expr }) => metricsIn(expr)));
    assert.deepEqual(
      names.filter((name) => !shown.has(name)),
      names.filter((name) => NOT_ON_THE_DASHBOARD.includes(name)),
    );
    assert.deepEqual(
      NOT_ON_THE_DASHBOARD.filter((name) => shown.has(name) || !names.includes(name)),
      [],
    );
  });

  it('asks for the data source and the pool, and goes by them', () => {
    assert.deepEqual(
      dashboard.templating.list.map(({ name }) => name),
      ['datasource', 'pool'],
    );
    for (const { from, expr } of expressions) assert.match(expr, /pool=~"\$pool"/, from);
  });

  it('has no panel twice, and none over another', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.ok(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  });
});

describe('the page of the metrics', () => {
  it('tells each, with its type and its help, in the order of the agent', () => {
    const rows = read('metrics.md')
      .split('\n')
      .filter((line) => /^\| `(ebbtide|process)_/.test(line));
    const labels: Record<string, string> = {
      ebbtide_info: 'node,pool,cloud,zone,version,build,template',
      ebbtide_phase: 'phase',
      ebbtide_alarm: 'name',
      ebbtide_work: 'kind',
      ebbtide_decision_info: 'decision,by,cause,intent',
      ebbtide_drain_age_seconds: 'decision',
      ebbtide_drain_stage_seconds: 'decision,stage',
      ebbtide_jobs_lost_total: 'kind',
      ebbtide_refusing: 'of,reason',
      ebbtide_refusals_total: 'of,reason',
      ebbtide_update: 'state,version,build',
    };
    const meant = written().map(({ name, type, help }) => {
      const names = labels[name];
      return `| \`${name}${names === undefined ? '' : `{${names}}`}\` | ${type} | ${help} |`;
    });
    assert.deepEqual(rows, meant);
  });
});
