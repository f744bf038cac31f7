import { expect, test } from 'vitest';
import { samplerOf } from './sampler.ts';

const PARENT_BASED = (root: string): RegExp => new RegExp(`^ParentBased\\{root=${root}`);

test.each([
  [undefined, undefined, PARENT_BASED('TraceIdRatioBased\\{1\\}')],
  [undefined, '0.05', PARENT_BASED('TraceIdRatioBased\\{0.05\\}')],
  ['always_on', undefined, /^AlwaysOnSampler$/],
  ['always_off', undefined, /^AlwaysOffSampler$/],
  ['traceidratio', '0.2', /^TraceIdRatioBased\{0.2\}$/],
  ['parentbased_always_on', undefined, PARENT_BASED('AlwaysOnSampler')],
  ['parentbased_always_off', undefined, PARENT_BASED('AlwaysOffSampler')],
  ['parentbased_traceidratio', '0', PARENT_BASED('TraceIdRatioBased\\{0\\}')],
  ['parentbased_traceidratio', 'much', PARENT_BASED('TraceIdRatioBased\\{1\\}')],
  ['jaeger_remote', '0.5', PARENT_BASED('TraceIdRatioBased\\{0.5\\}')],
])('OTEL_TRACES_SAMPLER %s with %s', (name, argument, expected) => {
  const sampler = samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument });
  expect(sampler.toString()).toMatch(expected);
});
