import { beforeAll, describe, expect, it } from '@jest/globals';
import { registry } from '@support101/contracts/all';
import { instruments } from '@support101/telemetry';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { deployedServices } from './infra/services.ts';
import { root } from './set-up.mjs';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { severity: string };
  readonly annotations: { summary: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: { expr: string }[];
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const rules = (parse(read('infra/observability/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(read('infra/observability/grafana/dashboards/support101.json')) as {
  panels: Panel[];
  templating: { list: { query: { query: string } }[] };
};
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query }) => query.query),
];

/** What Prometheus adds to the labels that we give, and what a process says about itself. */
const everywhere = ['service_name', 'job', 'instance', 'le'];

const words = new Set(
  'sum max by rate increase changes topk histogram_quantile label_values up on ignoring without offset and or unless'.split(' '),
);

/** Names of series in an expression: what stands outside of strings, braces, brackets and lists of labels. */
function seriesOf(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)|, \w+\)$/g, ' ');
  return [...bare.matchAll(/[a-z_]\w+/g)].map(([name]) => name).filter((name) => !words.has(name));
}

/** The instrument whose series this is; a histogram has three. */
function instrumentOf(series: string) {
  return instruments.find(({ name, kind }) =>
    kind === 'histogram' ? new RegExp(`^${name}_(bucket|count|sum)$`).test(series) : name === series,
  );
}

function labelsOf(expression: string): string[] {
  const matchers = [...expression.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label);
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...matchers, ...grouped];
}

describe('alerts and dashboard', () => {
  it('ask for series that the services have, and no others', () => {
    const asked = expressions.flatMap((expression) => seriesOf(expression));

    expect(asked.length).toBeGreaterThan(expressions.length - 1);
    expect(asked.filter((series) => instrumentOf(series) === undefined)).toEqual([]);
  });

  it('ask for labels that these series have', () => {
    const wrong = expressions.flatMap((expression) => {
      const known = new Set([...everywhere, ...seriesOf(expression).flatMap((series) => instrumentOf(series)?.labels ?? [])]);
      return labelsOf(expression)
        .filter((label) => !known.has(label))
        .map((label) => `${label} in ${expression}`);
    });

    expect(wrong).toEqual([]);
  });

  it('take a rate of what only grows, and of nothing else', () => {
    const rated = (expression: string) =>
      [...expression.matchAll(/\b(?:rate|increase)\((\w+)/g)].map(([, series = '']) => series);
    const all = expressions.flatMap((expression) => rated(expression));
    const growing = expressions
      .flatMap((expression) => seriesOf(expression))
      .filter((series) => instrumentOf(series)?.kind !== 'gauge');

    expect(all.filter((series) => instrumentOf(series)?.kind === 'gauge')).toEqual([]);
    expect(new Set(growing)).toEqual(new Set(all));
  });

  it('name types of events and routes that there are', () => {
    const types = new Set<string>(registry.events.map(({ type }) => type));
    const paths = new Set<string | undefined>([...registry.rpcs, ...registry.streams].map(({ http }) => http?.path));
    const quoted = (label: string) =>
      expressions.flatMap((each) =>
        [...each.matchAll(new RegExp(`\\b${label}\\s*[=!]~?\\s*"([^"]*)"`, 'g'))].map(([, value = '']) => value),
      );
    const alternatives = (pattern: string): string[] => {
      const [, before = '', list, after = ''] = /^(.*)\((.*)\)(.*)$/.exec(pattern) ?? [];
      return list === undefined ? pattern.split('|') : list.split('|').map((each) => `${before}${each}${after}`);
    };

    const routes = quoted('route').flatMap(alternatives);
    const named = quoted('type').flatMap(alternatives);

    expect([routes.length > 0, named.length > 0]).toEqual([true, true]);
    expect(named.filter((type) => !types.has(type))).toEqual([]);
    expect(routes.filter((route) => !paths.has(route.replaceAll(/:(\w+)/g, '{$1}')))).toEqual([]);
  });
});

describe('alerts', () => {
  it('say whom they wake and why, each once, and the runbook says what to do', () => {
    const runbook = read('docs/runbooks/alerts.md');
    const names = rules.map(({ alert }) => alert);

    expect(new Set(names).size).toBe(names.length);
    expect(rules.filter(({ labels }) => !['page', 'ticket'].includes(labels.severity))).toEqual([]);
    expect(rules.filter(({ annotations }) => annotations.summary.length < 10)).toEqual([]);
    expect([...runbook.matchAll(/^## (.*)$/gm)].flatMap(([, heading = '']) => heading.split(', ')).toSorted()).toEqual(
      names.toSorted(),
    );
  });
});

describe('prometheus.yml', () => {
  let names: string[];
  beforeAll(async () => {
    names = (await deployedServices()).map(({ name }) => name);
  }, 60_000);

  it('scrapes the management port of every service, under the job that alerts ask for', () => {
    const { scrape_configs: jobs } = parse(read('infra/observability/prometheus.yml')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };

    expect(jobs.map((job) => job.job_name)).toEqual(['support101']);
    expect(jobs[0]?.static_configs[0]?.targets.toSorted()).toEqual(names.map((name) => `${name}:9090`));
    expect(rules.find(({ alert }) => alert === 'ProcessDown')?.expr).toContain('job="support101"');
  });
});

describe('the dashboard', () => {
  it('has panels with ids and titles of their own, each of which asks for something', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');

    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(panels.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
  });
});
