/** One line of a panel. */
export interface Query {
  /** PromQL; `$namespace` and `$__rate_interval` are Grafana's. */
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of it: s, reqps, short, bytes, percentunit. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly stacked?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

const WIDTH = 24;
const HEIGHT = 8;
const PER_LINE = 3;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The dashboard as Grafana imports it. */
export function renderDashboard({ uid, title, description, rows }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      type: 'row',
      id: panels.length + 1,
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    for (const [index, panel] of row.panels.entries()) {
      const column = index % PER_LINE;
      const w = WIDTH / PER_LINE;
      const gridPos = { x: column * w, y: y + Math.floor(index / PER_LINE) * HEIGHT, w, h: HEIGHT };
      panels.push(timeSeries(panels.length + 1, panel, gridPos));
    }
    y += Math.ceil(row.panels.length / PER_LINE) * HEIGHT;
  }
  const dashboard = {
    uid,
    title,
    description,
    tags: ['sluice'],
    schemaVersion: 41,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: VARIABLES },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const VARIABLES = [
  { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
  {
    name: 'namespace',
    label: 'Namespace',
    type: 'query',
    datasource: DATASOURCE,
    query: { query: 'label_values(process_uptime, namespace)', refId: 'namespaces' },
    refresh: 2,
    sort: 1,
  },
];

function timeSeries(
  id: number,
  { title, description, unit, queries, stacked }: Panel,
  gridPos: object,
): object {
  return {
    type: 'timeseries',
    id,
    title,
    description,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          fillOpacity: stacked ? 30 : 5,
          showPoints: 'never',
          ...(stacked && { stacking: { mode: 'normal', group: 'A' } }),
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'], showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
