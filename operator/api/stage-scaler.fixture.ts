import fc from 'fast-check';

/** Values near the edges of what is allowed, and well beyond them. */
const count = fc.oneof(
  fc.integer({ min: -1, max: 12 }),
  fc.constantFrom(10_000, 10_001, 86_400, 86_401, 1.5, '3', null),
);
const name = fc.constantFrom('remote', 'validate', 'a.b', 'Remote', '', '-a', 'a'.repeat(254), 7);
const topic = fc.constantFrom('transactions.validated', 'T_1', 'a b', '', 'ü');

function optional<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(value, { nil: undefined, freq: 2 });
}

const mostly = (usual: unknown, other: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

/** StageScalers of which some make sense; what is undefined is left out. */
export const stageScalers: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    scaleTargetRef: mostly(
      { name: 'remote' },
      fc.record({
        apiVersion: optional(fc.constantFrom('apps/v1', 'v1', 'apps', 'example.com/v1beta1', 1)),
        kind: optional(fc.constantFrom('Deployment', 'StatefulSet', 'Http', 'deployment', '')),
        name: optional(name),
      }),
    ),
    kafka: mostly(
      { consumerGroup: 'g', topics: ['t'] },
      fc.record({
        connection: optional(fc.constantFrom('default', 'other', 'Other', '', null)),
        consumerGroup: optional(fc.constantFrom('g', '', 'g'.repeat(249), 'g'.repeat(250), '😀'.repeat(200))),
        topics: optional(fc.array(topic, { maxLength: 3 })),
        offsetReset: optional(fc.constantFrom('earliest', 'latest', 'none')),
      }),
    ),
    objective: mostly({ maxAgeSeconds: 10 }, fc.record({ maxAgeSeconds: optional(count) })),
    minReplicas: mostly(undefined, optional(count)),
    maxReplicas: mostly(8, optional(count)),
    upstream: mostly(
      undefined,
      fc.array(fc.constantFrom('validate', 'other', 'self', 'No'), { maxLength: 3 }),
    ),
    profile: mostly(undefined, fc.constantFrom('cost', 'balanced', 'stable', 'fast', null)),
    idleSeconds: mostly(undefined, count),
    fallback: mostly(
      undefined,
      fc.oneof(fc.constant(null), fc.record({ replicas: optional(count), afterSeconds: optional(count) })),
    ),
    capacityHint: mostly(undefined, fc.constantFrom(0, -1, 0.1, 40, 1e10, '40', null)),
    dryRun: mostly(undefined, fc.constantFrom(true, false, 'yes', null)),
  })
  .map((spec) => stageScaler({ spec }));

/** A StageScaler called `self`, as JSON carries it. */
export function stageScaler(parts: {
  readonly metadata?: object;
  readonly spec?: object;
}): Record<string, unknown> {
  const whole = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'StageScaler',
    metadata: { name: 'self', namespace: 'default', ...parts.metadata },
    spec: parts.spec ?? {
      scaleTargetRef: { name: 'remote' },
      kafka: { consumerGroup: 'sluice.remote', topics: ['transactions.validated'] },
      objective: { maxAgeSeconds: 10 },
      maxReplicas: 24,
    },
  };
  return JSON.parse(JSON.stringify(whole)) as Record<string, unknown>;
}
