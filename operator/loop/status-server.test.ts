import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMetrics } from '../../otel/metrics.ts';
import { Board } from './board.ts';
import { KNOWN, decisionOf, rig } from './loop.fixture.ts';
import { createMetricsSink } from './loop-metrics.ts';
import type { StatusServer } from './status-server.ts';
import { openStatusServer } from './status-server.ts';

const board = new Board();
const metrics = createMetrics('test');
let server: StatusServer;

beforeAll(async () => {
  server = await openStatusServer(board, 0);
  const one = rig('b').scaler;
  const unread = { scaler: rig('a').scaler, error: new Error('no such stage') };
  const replicas = { desired: 1, ready: 1, revision: '' };
  const observation = { spec: one.spec, lag: KNOWN, replicas };
  const decision = decisionOf('b', 3);
  const sink = createMetricsSink(metrics, board);
  const outcomes = [{ scaler: one, observation, decision, result: 'scaled', error: undefined } as const];
  board.accept(outcomes, 0, [unread]);
  await sink.accept(outcomes, 0, [unread]);
});
afterAll(async () => {
  server.close();
  await metrics.shutdown();
});

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`${server.url}${path}`, { headers, method });
  return { status: response.status, body: await response.json() };
}

test('all scalers, in order of their names, with what is known', async () => {
  const { status, body } = await get('/scalers');
  expect(status).toBe(200);
  expect(body).toMatchObject([
    { name: 'a', reason: 'TargetUnreadable', message: 'no such stage', result: 'unread', lagKnown: false },
    { name: 'b', reason: 'LoadAboveCapacity', desired: 1, decided: 3, result: 'scaled', lagKnown: true },
  ]);
});

test('one scaler, with all that explain needs', async () => {
  const { body } = await get('/scalers/b');
  expect(body).toMatchObject({
    name: 'b',
    spec: { maxAgeSeconds: 10 },
    alternatives: [{ replicas: 1, verdict: 'rejected' }, { replicas: 3 }],
    groupState: 'Stable',
    members: 0,
  });
});

test.each([
  ['/scalers/nobody', 404, 'unknown-scaler'],
  ['/', 404, 'not-found'],
  ['/scalers/%E0%A4%A', 404, 'unknown-scaler'],
])('%s is answered by %i', async (path, status, title) => {
  expect(await get(path)).toMatchObject({ status, body: { title } });
});

test('only reading, and only from here', async () => {
  expect(await get('/scalers', {}, 'DELETE')).toMatchObject({ status: 405 });
  const named = await new Promise<number>((resolve, reject) => {
    const url = new URL(server.url);
    import('node:http')
      .then(({ get: ask }) =>
        ask(
          { host: url.hostname, port: url.port, path: '/scalers', headers: { host: 'evil.example' } },
          (reply) => resolve(reply.statusCode!),
        ).on('error', reject),
      )
      .catch(reject);
  });
  expect(named).toBe(403);
});

test('the same on /metrics', async () => {
  const { Writable } = await import('node:stream');
  const text = await new Promise<string>((resolve) => {
    let body = '';
    const response = Object.assign(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          body += chunk.toString();
          done();
        },
        final: (done) => {
          resolve(body);
          done();
        },
      }),
      { setHeader: () => {}, writeHead: () => {} },
    );
    metrics.handler({} as never, response as never);
  });
  for (const line of [
    'sluice_scaler_lag{scaler="b"} 5200',
    'sluice_scaler_lag_known{scaler="b"} 1',
    'sluice_scaler_age{scaler="b"} 14',
    'sluice_scaler_replicas{scaler="b",kind="decided"} 3',
    'sluice_scaler_capacity{scaler="b"} 40',
    'sluice_scaler_rebalances_total{scaler="b"} 2',
    'sluice_scaler_decisions_total{scaler="b",reason="LoadAboveCapacity",result="scaled"} 1',
    'sluice_scaler_decisions_total{scaler="a",reason="TargetUnreadable",result="unread"} 1',
    'sluice_operator_scalers 2',
  ])
    expect(text).toContain(line);
});
