import { expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../cluster/eventually.ts';
import type { Span } from '../reading/trace.ts';
import { drawTree, orphansOf, parseTrace } from '../reading/trace.ts';
import { endOf, submitPayment } from './client.ts';
import type { Suite } from './suite.ts';

const STAGES = ['persist', 'remote', 'validate'];
const SERVICES = ['api', 'persist', 'relay', 'remote', 'remote-simulator', 'validate'];

const historySchema = z.object({ events: z.array(z.object({ traceId: z.string() })).min(1) });

const processing = (spans: readonly Span[]): Span[] =>
  spans.filter(({ name }) => name.startsWith('process '));
/** Every stage has worked on it, the last event was sent, and nothing is on its way to Jaeger any more. */
const isComplete = (spans: readonly Span[]): boolean =>
  processing(spans).length >= STAGES.length &&
  spans.some(({ name }) => /^send .*\.done$/.test(name)) &&
  orphansOf(spans).length === 1;

async function traceIdOf(apiUrl: string, id: string): Promise<string> {
  const response = await fetch(`${apiUrl}/v1/transactions/${id}/history`);
  return historySchema.parse(await response.json()).events[0]!.traceId;
}

/** A trace as Jaeger has it; undefined as long as it has none. */
async function findTrace(jaegerUrl: string, traceId: string): Promise<Span[] | undefined> {
  const response = await fetch(`${jaegerUrl}/api/v3/traces/${traceId}`);
  return response.status === 200 ? parseTrace(await response.json()) : undefined;
}

/** One payment, looked up in Jaeger. */
export function describeOneTrace(suite: () => Suite): void {
  test('a payment is one trace through every service, and shows how long it waited in Kafka', async () => {
    const { kubectl, report } = suite();
    const [api, jaeger] = await Promise.all([
      kubectl.forward('service/sluice-api', 80),
      kubectl.forward('service/sluice-jaeger', 16_686),
    ]);
    const id = await submitPayment(api.url);
    expect(await endOf(api.url, id, 30_000)).toBe('done');
    const traceId = await traceIdOf(api.url, id);
    const spans = await eventually('the whole trace', async () => {
      const found = await findTrace(jaeger.url, traceId);
      return found && isComplete(found) && found;
    });
    api.stop();
    jaeger.stop();
    report.tell('trace.txt', `transaction ${id}, trace ${traceId}\n\n${drawTree(spans)}`);

    expect([...new Set(spans.map((span) => span.traceId))]).toEqual([traceId]);
    const services = new Set(spans.map(({ service }) => service.replace(/^sluice-/, '')));
    expect([...services].sort()).toEqual(SERVICES);
    const [root, ...orphans] = orphansOf(spans);
    expect(root).toMatchObject({ service: 'sluice-api', name: 'POST /v1/transactions', parentSpanId: '' });
    expect(orphans).toEqual([]);
    expect(
      processing(spans)
        .map(({ attributes }) => String(attributes['sluice.stage']))
        .sort(),
    ).toEqual(STAGES);
    for (const span of processing(spans)) {
      const sent = spans.find(({ spanId }) => spanId === span.parentSpanId);
      expect(sent).toMatchObject({ service: 'sluice-relay', name: span.name.replace('process', 'send') });
      expect(Number(span.attributes['sluice.kafka.wait_ms'])).toBeGreaterThanOrEqual(0);
      expect(span.startMs).toBeGreaterThan(sent!.startMs);
    }
  });
}
