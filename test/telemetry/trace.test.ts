import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MetricDefinition, MetricName } from '../../otel/schema/metrics.ts';
import { METRICS, prometheusName } from '../../otel/schema/metrics.ts';
import { until } from '../fixtures/until.ts';
import type { OtlpReceiver, ReceivedSpan } from './otlp-receiver.ts';
import { describe as describeSpans, openOtlpReceiver } from './otlp-receiver.ts';
import type { Family } from './prometheus-text.ts';
import { parsePrometheus } from './prometheus-text.ts';
import type { TracedStack } from './traced-stack.ts';
import { startTracedStack } from './traced-stack.ts';

const STAGES = ['validate', 'remote', 'persist'];
const PAYMENT = { debtor: 'ACC-000001', creditor: 'ACC-000002', amount: 1250, currency: 'EUR' };

let otlp: OtlpReceiver;
let stack: TracedStack;
beforeAll(async () => {
  otlp = await openOtlpReceiver();
  stack = await startTracedStack(otlp.endpoint);
}, 120_000);
afterAll(async () => {
  await stack?.stop();
  await otlp?.close();
}, 60_000);

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

interface Ended {
  readonly id: string;
  readonly state: string;
  readonly traceId: string;
  readonly clientSpanId: string;
}

async function settle(payload: object = PAYMENT, flags: '00' | '01' = '01'): Promise<Ended> {
  const traceId = hex(16);
  const clientSpanId = hex(8);
  const response = await fetch(`${stack.apiUrl}/v1/transactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${clientSpanId}-${flags}` },
    body: JSON.stringify({ type: 'payment', payload }),
  });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  const terminal = ['done', 'rejected', 'failed'];
  let state = 'accepted';
  for (let tries = 0; tries < 20 && !terminal.includes(state); tries++) {
    const current = await fetch(`${stack.apiUrl}/v1/transactions/${id}?wait=2s`);
    state = ((await current.json()) as { state: string }).state;
  }
  return { id, state, traceId, clientSpanId };
}

const processed = (spans: readonly ReceivedSpan[]) =>
  spans.filter((span) => span.kind === 'CONSUMER').map((span) => span.service.replace('sluice-', ''));

/** A transaction that is done has been sent four times: new, validated, remote-responded, done. */
const complete = (spans: ReceivedSpan[]) =>
  spans.filter((span) => span.kind === 'PRODUCER').length >= 4 &&
  processed(spans).length >= STAGES.length &&
  spans.some((span) => span.service === 'sluice-remote-simulator') &&
  spans.some((span) => span.service === 'sluice-api' && span.kind === 'SERVER');

test('one transaction is one trace through every service, continuing the client', async () => {
  const ended = await settle();
  expect(ended.state).toBe('done');
  const spans = await otlp.trace(ended.traceId, complete);
  const services = ['api', 'persist', 'relay', 'remote', 'remote-simulator', 'validate'];
  expect([...new Set(spans.map((span) => span.service))].sort()).toEqual(
    services.map((name) => `sluice-${name}`),
  );
  expect(processed(spans).sort()).toEqual([...STAGES].sort());

  const known = new Set(spans.map((span) => span.spanId));
  const orphans = spans.filter((span) => !known.has(span.parentSpanId));
  expect(describeSpans(orphans)).toMatch(/^sluice-api SERVER "POST \/v1\/transactions" \S+ <- \S+$/);
  expect(orphans[0]?.parentSpanId).toBe(ended.clientSpanId);

  const elsewhere = otlp.spans.filter(
    (span) => span.attributes['sluice.transaction.id'] === ended.id && span.traceId !== ended.traceId,
  );
  expect(elsewhere).toEqual([]);
});

test('the spans of a transaction stand in the order of cause and effect', async () => {
  const ended = await settle();
  const spans = await otlp.trace(ended.traceId, complete);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const last = spans.find((span) => span.name.endsWith('.done'));
  const chain: string[] = [];
  for (let span = last; span; span = byId.get(span.parentSpanId))
    chain.unshift(`${span.service.replace('sluice-', '')} ${span.name.replace(/\S+\.transactions\./, '')}`);
  expect(chain).toEqual([
    'api POST /v1/transactions',
    'relay send new',
    'validate process new',
    'relay send validated',
    'remote process validated',
    'relay send remote-responded',
    'persist process remote-responded',
    'relay send done',
  ]);
  const simulator = spans.find((span) => span.service === 'sluice-remote-simulator');
  const call = byId.get(simulator?.parentSpanId ?? '');
  expect(call).toMatchObject({ service: 'sluice-remote', kind: 'CLIENT' });
  expect(byId.get(call?.parentSpanId ?? '')?.name).toMatch(/^process .*\.validated$/);
});

test('every event of the history carries the trace', async () => {
  const ended = await settle();
  const response = await fetch(`${stack.apiUrl}/v1/transactions/${ended.id}/history`);
  const { events } = (await response.json()) as { events: { traceId: string }[] };
  expect(events.map((event) => event.traceId)).toEqual(events.map(() => ended.traceId));
  expect(events.length).toBeGreaterThanOrEqual(4);
});

test('a rejected transaction ends its trace at validation', async () => {
  const ended = await settle({ ...PAYMENT, debtor: 'ACC-BLOCKED' });
  expect(ended.state).toBe('rejected');
  const spans = await otlp.trace(
    ended.traceId,
    (found) => processed(found).length > 0 && found.some((span) => span.name.endsWith('.rejected')),
  );
  expect(processed(spans)).toEqual(['validate']);
});

test('what the client does not sample is recorded nowhere', async () => {
  const ended = await settle(PAYMENT, '00');
  expect(ended.state).toBe('done');
  await sleep(1_000);
  expect(otlp.spans.filter((span) => span.traceId === ended.traceId)).toEqual([]);
});

test('statements for one request alone stand in its trace', async () => {
  const { id } = await settle();
  const traceId = hex(16);
  const headers = { traceparent: `00-${traceId}-${hex(8)}-01` };
  for (const path of [`/${id}`, `/${id}/history`, '?limit=1'])
    await fetch(`${stack.apiUrl}/v1/transactions${path}`, { headers });
  await fetch(`${stack.apiUrl}/v1/sync/transactions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'payment', payload: PAYMENT }),
  });
  const requests = (found: readonly ReceivedSpan[]) =>
    found.filter(({ kind, service }) => kind === 'SERVER' && service === 'sluice-api');
  const spans = await otlp.trace(traceId, (found) => requests(found).length === 4);
  const parents = new Set(
    spans.filter(({ name }) => name.startsWith('pg.query')).map(({ parentSpanId }) => parentSpanId),
  );
  expect(requests(spans).filter(({ spanId }) => !parents.has(spanId))).toEqual([]);
});

test('under load each transaction keeps a trace of its own', async () => {
  const all = await Promise.all(Array.from({ length: 60 }, () => settle()));
  expect(new Set(all.map(({ state }) => state))).toEqual(new Set(['done']));
  for (const { id, traceId } of all) {
    const spans = await otlp.trace(traceId, complete);
    expect(processed(spans).sort()).toEqual([...STAGES].sort());
    const ids = spans
      .map((span) => span.attributes['sluice.transaction.id'])
      .filter((value) => value !== undefined);
    expect(new Set(ids)).toEqual(new Set([id]));
  }
});

test('a statement that serves many is recorded once, linked to each of them and in the trace of none', async () => {
  const all = await Promise.all(Array.from({ length: 40 }, () => settle()));
  const traces = new Set(all.map(({ traceId }) => traceId));
  const ours = ({ links }: ReceivedSpan) => links.some(({ traceId }) => traces.has(traceId));
  const batches = await until('a batch for every transaction', () => {
    const found = otlp.spans.filter((span) => span.service === 'sluice-api' && ours(span));
    const linked = new Set(found.flatMap(({ links }) => links.map(({ traceId }) => traceId)));
    return traces.isSubsetOf(linked) && found;
  });
  // Fewer statements than transactions, so that there was something to share; one link for each of them.
  expect(batches.length).toBeLessThan(all.length);
  expect(new Set(batches.map(({ name }) => name))).toEqual(new Set(['accept']));
  const links = batches.flatMap((batch) => batch.links.filter(({ traceId }) => traces.has(traceId)));
  expect(links.length).toBe(all.length);

  const isStatement = ({ name }: ReceivedSpan) => name.startsWith('pg.query');
  for (const batch of batches) {
    expect(traces).not.toContain(batch.traceId);
    const statements = await otlp.trace(batch.traceId, (spans) => spans.some(isStatement));
    expect(describeSpans(statements.filter(isStatement)).split('\n')).toEqual([
      expect.stringMatching(new RegExp(` <- ${batch.spanId}$`)),
    ]);
  }
  const within = otlp.spans.filter((span) => traces.has(span.traceId) && isStatement(span));
  expect(describeSpans(within.filter(({ service }) => service === 'sluice-api'))).toBe('');
});

const byPrometheusName = new Map(
  (Object.keys(METRICS) as MetricName[]).map((name) => [prometheusName(name), name]),
);
const TYPES = { counter: 'counter', histogram: 'histogram', gauge: 'gauge', updowncounter: 'gauge' };

/** What is wrong with a family by the schema, in words. */
function mistakes(family: Family): string[] {
  const name = byPrometheusName.get(family.name);
  if (!name) return [`${family.name} is not in the schema`];
  const definition: MetricDefinition = METRICS[name];
  const found: string[] = [];
  if (family.type !== TYPES[definition.kind]) found.push(`${name} is a ${family.type}`);
  if (family.unit !== definition.unit) found.push(`${name} is in ${family.unit}`);
  for (const { labels } of family.samples) {
    const keys = Object.keys(labels).filter((key) => key !== 'le');
    if (keys.sort().join() !== Object.keys(definition.attributes).sort().join())
      found.push(`${name} has ${keys.join()}`);
    for (const [key, values] of Object.entries(definition.attributes))
      if (Array.isArray(values) && !values.includes(labels[key]))
        found.push(`${name}{${key}="${labels[key]}"}`);
  }
  return [...new Set(found)];
}

async function scrapeAll(): Promise<Map<string, Map<string, Family>>> {
  const scraped = new Map<string, Map<string, Family>>();
  for (const { name, adminPort } of await stack.services()) {
    const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
    const families = parsePrometheus(await response.text());
    families.delete('target_info');
    scraped.set(name.replace(/-\d+$/, ''), families);
  }
  return scraped;
}

test('every process emits only metrics of the schema, with its units and attributes', async () => {
  await settle();
  const scraped = await scrapeAll();
  expect([...scraped.keys()].sort()).toEqual([
    'api',
    'persist',
    'relay',
    'remote',
    'remote-simulator',
    'validate',
  ]);
  for (const families of scraped.values()) {
    expect([...families.values()].flatMap(mistakes)).toEqual([]);
    expect([...families.keys()]).toContain('process_memory_usage');
  }
});

/** Emitted only when something goes wrong, or by the operator: there are tests of their own. */
const RARE =
  /^sluice\.(scaler|operator)\.|refused|rebalances|consumer.restarts|remote.retries|dead_letters|sweeper|bulk/;

test('everything in the schema that one good and one rejected transaction can show is shown', async () => {
  await settle();
  await settle({ ...PAYMENT, debtor: 'ACC-BLOCKED' });
  const shown = new Set([...(await scrapeAll()).values()].flatMap((families) => [...families.keys()]));
  const expected = (Object.keys(METRICS) as MetricName[]).filter((name) => !RARE.test(name));
  expect(expected.filter((name) => !shown.has(prometheusName(name)))).toEqual([]);
});
