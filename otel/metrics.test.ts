import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { Metrics } from './metrics.ts';
import { createMetrics } from './metrics.ts';

let close: () => void = () => {};
afterEach(() => close());

async function scrape(metrics: Metrics): Promise<{ text: string; type: string | null }> {
  const server = createServer((request, response) => metrics.handler(request, response));
  close = () => void server.close();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return { text: await response.text(), type: response.headers.get('content-type') };
}

test('counters, histograms and gauges appear under their names with their attributes', async () => {
  const metrics = createMetrics('validate');
  const messages = metrics.counter('sluice.stage.messages');
  messages.add(2, { stage: 'validate', outcome: 'moved' });
  messages.add(1, { stage: 'validate', outcome: 'moved' });
  metrics.histogram('sluice.accept.batch.size').record(7);
  metrics.gauge('sluice.stage.in_flight', () => [{ value: 5, attributes: { stage: 'remote' } }]);
  metrics.gauge('sluice.outbox.age', async () => 1.5);
  const { text, type } = await scrape(metrics);
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text).toContain('sluice_stage_messages_total{stage="validate",outcome="moved"} 3\n');
  expect(text).toContain('sluice_accept_batch_size_bucket{le="5"} 0\n');
  expect(text).toContain('sluice_accept_batch_size_bucket{le="10"} 1\n');
  expect(text).toContain('sluice_accept_batch_size_sum 7\n');
  expect(text).toContain('sluice_stage_in_flight{stage="remote"} 5\n');
  expect(text).toContain('sluice_outbox_age 1.5\n');
  expect(text).toContain('target_info{service_name="validate"} 1\n');
});

test('every process tells about itself', async () => {
  const { text } = await scrape(createMetrics('relay'));
  const value = (line: RegExp) => Number(line.exec(text)?.[1]);
  expect(value(/^process_memory_usage (\d+)$/m)).toBeGreaterThan(20e6);
  expect(value(/^nodejs_heap_used (\d+)$/m)).toBeGreaterThan(1e6);
  expect(value(/^process_cpu_time_total\{mode="user"\} ([\d.]+)$/m)).toBeGreaterThan(0);
  expect(value(/^nodejs_eventloop_delay_p99 ([\d.e-]+)$/m)).toBeLessThan(5);
});

test('a gauge that fails, hangs or does not know is left out, and the others are served', async () => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout'],
    shouldAdvanceTime: true,
    advanceTimeDelta: 200,
  });
  const metrics = createMetrics('relay');
  metrics.gauge('sluice.outbox.age', () => new Promise<number>(() => {}));
  metrics.gauge('sluice.accept.queue.depth', () => Promise.reject(new Error('no database')));
  metrics.gauge('sluice.long_poll.waiters', () => undefined);
  metrics.gauge('sluice.remote.circuit.state', () => {
    throw new Error('bug');
  });
  metrics.gauge('sluice.simulator.in_flight', () => 4);
  const { text } = await scrape(metrics);
  vi.useRealTimers();
  expect(text).toContain('sluice_simulator_in_flight 4\n');
  expect(text).not.toMatch(
    /^sluice_(outbox_age|accept_queue_depth|long_poll_waiters|remote_circuit_state) /m,
  );
});

test('what is observed is shown as a whole, however many sets of attributes there are', async () => {
  const metrics = createMetrics('operator');
  metrics.gauge('sluice.scaler.replicas', () =>
    Array.from({ length: 9_000 }, (_, n) => ({
      value: n,
      attributes: { scaler: `shop/s-${n % 3_000}`, kind: (['decided', 'desired', 'ready'] as const)[n % 3]! },
    })),
  );
  const { text } = await scrape(metrics);
  const lines = text.split('\n').filter((line) => line.startsWith('sluice_scaler_replicas{'));
  expect(new Set(lines).size).toBe(9_000);
  expect(text).not.toContain('overflow');
});

test('what is no longer observed is no longer shown, and a counter that is observed says it is one', async () => {
  const metrics = createMetrics('operator');
  const of = (scaler: string) => ({ value: 3, attributes: { scaler } });
  let scalers = ['a', 'b'];
  metrics.gauge('sluice.scaler.lag', () => scalers.map(of));
  metrics.observedCounter('sluice.scaler.rebalances', () => scalers.map(of));
  const before = (await scrape(metrics)).text;
  expect(before).toContain('sluice_scaler_lag{scaler="b"} 3\n');
  expect(before).toContain(
    '# TYPE sluice_scaler_rebalances_total counter\nsluice_scaler_rebalances_total{scaler="a"} 3',
  );
  close();
  scalers = ['a'];
  const after = (await scrape(metrics)).text;
  expect(after).toContain('sluice_scaler_lag{scaler="a"} 3');
  expect(after).not.toContain('scaler="b"');
});

test('several may observe one metric', async () => {
  const metrics = createMetrics('stages');
  for (const stage of ['validate', 'remote'] as const)
    metrics.gauge('sluice.stage.in_flight', () => [{ value: 1, attributes: { stage } }]);
  const { text } = await scrape(metrics);
  expect(text).toContain(
    'sluice_stage_in_flight{stage="validate"} 1\nsluice_stage_in_flight{stage="remote"} 1\n',
  );
  expect(text.match(/# TYPE sluice_stage_in_flight /g)).toHaveLength(1);
});

test('names, kinds and attributes are checked by the compiler', () => {
  const metrics = createMetrics('types');
  // @ts-expect-error not in the schema
  expect(() => metrics.counter('sluice.unknown')).toThrow(TypeError);
  // @ts-expect-error a histogram
  metrics.counter('sluice.accept.duration');
  // @ts-expect-error attributes are missing
  metrics.counter('sluice.stage.rebalances').add(1);
  // @ts-expect-error not an outcome
  metrics.counter('sluice.stage.messages').add(1, { stage: 'validate', outcome: 'lost' });
  // @ts-expect-error an attribute that the metric does not have
  metrics.histogram('sluice.stage.batch.size').record(1, { stage: 'validate', type: 'payment' });
});
