import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { openFakePostgres } from './fake-postgres.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import { openOtlpReceiver } from './otlp-receiver.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const REGISTER = `${ROOT}otel/register.ts`;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const LAST_TRACEPARENT = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function run(args: readonly string[], env: Record<string, string>) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_')),
  );
  const child = spawn(process.execPath, [...args], { cwd: ROOT, env: { ...inherited, ...env } });
  closers.push(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  let stderr = '';
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    closed,
    stderr: () => stderr,
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    async line(message: string): Promise<Record<string, unknown>> {
      for (;;) {
        const found = lines.find((line) => line.includes(`"msg":"${message}"`));
        if (found) return JSON.parse(found) as Record<string, unknown>;
        if (child.exitCode !== null)
          throw new Error(`ended without "${message}":\n${lines.join('\n')}${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

async function startFixture(env: Record<string, string>, preload: readonly string[] = []) {
  const postgres = await openFakePostgres();
  closers.push(() => postgres.close());
  const args = [...preload, '--import', REGISTER, `${ROOT}test/telemetry/fixtures/koa-pg.ts`];
  return run(args, { DATABASE_URL: postgres.url, LAST_TRACEPARENT, ...env });
}

async function receiver(): Promise<OtlpReceiver> {
  const opened = await openOtlpReceiver();
  closers.push(() => opened.close());
  return opened;
}

async function post(
  service: Awaited<ReturnType<typeof startFixture>>,
): Promise<{ traceparent: string | null }> {
  const { port } = await service.line('listening');
  const url = `http://127.0.0.1:${String(port)}/v1/things/7`;
  const response = await fetch(url, { method: 'POST', headers: { traceparent } });
  return (await response.json()) as { traceparent: string | null };
}

describe('without an endpoint', () => {
  test('register.ts loads nothing but itself', async () => {
    const list = `import{registerHooks}from'node:module';registerHooks({load(u,c,n){console.error(u);return n(u,c)}})`;
    const script = run(['--import', `data:text/javascript,${list}`, '--import', REGISTER, '-e', '0'], {});
    expect((await script.closed)[0]).toBe(0);
    const loaded = script
      .stderr()
      .split('\n')
      .filter((url) => url.startsWith('file:'));
    expect(loaded.map((url) => url.slice(url.lastIndexOf('/') + 1))).toEqual([
      'register.ts',
      'tracing-env.ts',
    ]);
  });

  test('nothing is traced, and a request goes through', async () => {
    const service = await startFixture({});
    expect(await post(service)).toEqual({ traceparent: null });
    expect(await service.line('handled')).not.toHaveProperty('trace_id');
  });
});

describe('with an endpoint', { timeout: 30_000 }, () => {
  test('a request is one trace through http and pg, and continues the client', async () => {
    const otlp = await receiver();
    const service = await startFixture({
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '200',
    });
    const reply = await post(service);
    const spans = await otlp.trace(traceId, (found) =>
      found.some((span) => span.parentSpanId === '00f067aa0ba902b7'),
    );
    const byName = Object.fromEntries(spans.map((span) => [span.name, span]));
    const server = byName['POST /v1/things/:id'];
    expect(server).toMatchObject({ kind: 'SERVER', parentSpanId: '00f067aa0ba902b7', service: 'sluice' });
    const statement = spans.find((span) => span.name.startsWith('pg.query'));
    expect(statement?.attributes).toMatchObject({ 'db.system.name': 'postgresql' });
    expect(spans.map((span) => span.spanId)).toContain(statement?.parentSpanId);
    expect(reply.traceparent?.slice(0, 35)).toBe(`00-${traceId}`);
    expect(spans.map((span) => span.spanId)).toContain(reply.traceparent?.slice(36, 52));
    expect(await service.line('handled')).toMatchObject({ trace_id: traceId });
  });

  test('probes, start-up and polling statements are not traced; a stop sends what is left', async () => {
    const otlp = await receiver();
    const service = await startFixture({
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '60000',
      OTEL_SERVICE_NAME: 'shop',
    });
    const { adminPort } = await service.line('fixture is starting');
    await service.line('listening');
    for (const path of ['livez', 'readyz', 'metrics'])
      await fetch(`http://127.0.0.1:${String(adminPort)}/${path}`);
    service.child.kill('SIGTERM');
    expect((await service.closed)[0]).toBe(0);
    expect(otlp.spans.map(({ name, service: from }) => [name, from])).toEqual([['process t', 'shop']]);
  });

  test('sampling follows OTEL_TRACES_SAMPLER_ARG for new traces and the client for its own', async () => {
    const otlp = await receiver();
    const service = await startFixture({
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    const { port } = await service.line('listening');
    await fetch(`http://127.0.0.1:${String(port)}/v1/things/1`, { method: 'POST' });
    await post(service);
    service.child.kill('SIGTERM');
    await service.closed;
    expect(new Set(otlp.spans.map((span) => span.traceId))).toEqual(
      new Set([traceId, LAST_TRACEPARENT.slice(3, 35)]),
    );
  });

  test('a pg that was loaded too early to be instrumented ends the process with a clear line', async () => {
    const otlp = await receiver();
    const preload = ['--import', 'pg'];
    const service = await startFixture({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint }, preload);
    expect((await service.closed)[0]).toBe(1);
    expect(service.lines().at(-1)?.['msg']).toMatch(
      /^Tracing is on, but pg\.Client\.query is not instrumented\./,
    );
  });

  test.each(['refused', 'hanging'])(
    'an endpoint that is %s delays a stop by no more than 2 s',
    async (kind) => {
      const silent = createServer(() => {}).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      closers.push(() => {
        silent.closeAllConnections();
        silent.close();
      });
      if (kind === 'refused') silent.close();
      const service = await startFixture({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
      await post(service);
      const began = performance.now();
      service.child.kill('SIGTERM');
      expect((await service.closed)[0]).toBe(0);
      expect(performance.now() - began).toBeLessThan(5_000);
    },
  );
});
