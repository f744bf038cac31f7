import { expect, test } from 'vitest';
import { defaultServiceName, tracingWanted } from './tracing-env.ts';

test('tracing is wanted where an endpoint is named', () => {
  expect(tracingWanted({})).toBe(false);
  expect(tracingWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBe(false);
  expect(tracingWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toBe(true);
  expect(tracingWanted({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' })).toBe(true);
});

test('OTEL_SDK_DISABLED wins over an endpoint', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  expect(tracingWanted({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' })).toBe(false);
  expect(tracingWanted({ ...endpoint, OTEL_SDK_DISABLED: 'false' })).toBe(true);
});

test.each([
  ['/app/services/api/main.ts', {}, 'sluice-api'],
  ['/app/services/remote-simulator/main.ts', {}, 'sluice-remote-simulator'],
  ['/app/services/stages/main.ts', { STAGE: 'persist' }, 'sluice-persist'],
  ['C:\\app\\services\\relay\\main.ts', {}, 'sluice-relay'],
  ['/app/services/stages/main.ts', {}, 'sluice'],
  [undefined, {}, 'sluice'],
])('%s with %o is called %s', (mainPath, env, name) => {
  expect(defaultServiceName(mainPath, env)).toBe(name);
});
