import { expect, test } from 'vitest';
import { drawTree, orphansOf, parseTrace } from './trace.ts';

const span = (spanId: string, parentSpanId: string, name: string, startMs: number) => ({
  traceId: 't',
  spanId,
  parentSpanId,
  name,
  startTimeUnixNano: `${1_700_000_000_000 + startMs}000000`,
  endTimeUnixNano: `${1_700_000_000_000 + startMs + 5}500000`,
});
const waited = [{ key: 'sluice.kafka.wait_ms', value: { intValue: '7' } }];
const answer = {
  result: {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'sluice-validate' } }] },
        scopeSpans: [
          {
            spans: [{ ...span('b', 'a', 'process new', 12), attributes: waited }],
          },
        ],
      },
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'sluice-api' } }] },
        scopeSpans: [{ spans: [span('a', 'client', 'POST', 0)] }],
      },
    ],
  },
};

test('reads services, times and attributes', () => {
  expect(parseTrace(answer)).toMatchObject([
    { service: 'sluice-validate', startMs: 1_700_000_000_012, endMs: 1_700_000_000_017.5 },
    { service: 'sluice-api', attributes: {} },
  ]);
});

test('a span whose parent is elsewhere is an orphan', () => {
  expect(orphansOf(parseTrace(answer)).map(({ spanId }) => spanId)).toEqual(['a']);
});

test('draws cause and effect', () => {
  expect(drawTree(parseTrace(answer))).toBe(
    [
      '     0.0 ms     5.5 ms  sluice-api POST',
      '    12.0 ms     5.5 ms    sluice-validate process new  (waited 7 ms in Kafka)',
    ].join('\n'),
  );
});
