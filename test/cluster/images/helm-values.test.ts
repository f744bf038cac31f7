import { expect, test } from 'vitest';
import { imageValue } from './helm-values.ts';

test.each([
  ['localhost/kafka:0123456789ab', 'localhost', 'kafka', '0123456789ab', ''],
  ['sluice:0.1.0', '', 'sluice', '0.1.0', ''],
  ['apache/kafka:4.3.1@sha256:abc', '', 'apache/kafka', '4.3.1', 'sha256:abc'],
  ['registry.example:5000/team/sluice', 'registry.example:5000', 'team/sluice', '', ''],
  ['ghcr.io/team/sluice@sha256:abc', 'ghcr.io', 'team/sluice', '', 'sha256:abc'],
])('%s', (reference, ...parts) => {
  const { registry, repository, tag, digest } = imageValue(reference);
  expect([registry, repository, tag, digest]).toEqual(parts);
});
