import type { MetricDefinition, MetricName } from './metrics.ts';
import { METRICS, prometheusName } from './metrics.ts';
import type { SpanDefinition } from './spans.ts';
import { ERROR_ATTRIBUTE, SPANS } from './spans.ts';

const INTRODUCTION = `# Metrics and spans

Written from \`metrics.ts\` and \`spans.ts\` by \`npx vitest run otel/schema --update\`; do not edit it here.

## Metrics

Every process serves those that concern it on \`/metrics\` of its admin port, with tracing or without.
`;

const SPANS_INTRODUCTION = `## Spans

Recorded where \`OTEL_EXPORTER_OTLP_ENDPOINT\` is set. One transaction is one trace: each span below continues
the one before it, through the outbox and through Kafka. SQL statements have spans from the instrumentation of pg.
Whether a transaction is traced is decided where it begins; the others follow. A span that failed carries \`${ERROR_ATTRIBUTE}\`, the exception and the status
\`ERROR\`.
`;

/** The text of README.md: all metrics and spans as tables. */
export function renderReadme(): string {
  const metrics = (Object.keys(METRICS) as MetricName[]).map(metricRow);
  const spans = Object.values(SPANS).map(spanRow);
  return [
    INTRODUCTION,
    table(['Metric', 'On /metrics', 'Kind', 'Unit', 'Attributes', 'What it tells'], metrics),
    SPANS_INTRODUCTION,
    table(['Span', 'Kind', 'Parent', 'Attributes', 'What it tells'], spans),
  ].join('\n');
}

function metricRow(name: MetricName): string[] {
  const { kind, unit, attributes, description }: MetricDefinition = METRICS[name];
  const listed = Object.entries(attributes).map(([key, values]) =>
    typeof values === 'string' ? code(key) : `${code(key)} (${values.join(', ')})`,
  );
  return [code(name), code(prometheusName(name)), kind, code(unit), listed.join('; '), description];
}

function spanRow({ name, kind, parent, attributes, description }: SpanDefinition): string[] {
  return [name.includes('<') ? code(name) : name, kind, parent, attributes.map(code).join(', '), description];
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A Markdown table with its columns aligned, as the formatter leaves it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}
