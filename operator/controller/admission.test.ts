import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Admission } from './admission.ts';
import { admit } from './admission.ts';
import { declare, worldOf } from './declaration.fixture.ts';

const reasonOf = (admission: Admission): string | undefined =>
  admission.kind === 'refused' ? admission.refusal.reason : admission.complaint?.reason;

describe('is refused', () => {
  test('what the operator does not understand', () => {
    const bad = declare('a', { spec: { objective: {} } });
    expect(admit(bad, worldOf({ declarations: [bad] }))).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'InvalidSpec', message: expect.stringContaining('maxAgeSeconds') },
    });
  });

  test('a connection that the operator does not have', () => {
    const one = declare('a', { connection: 'third' });
    expect(admit(one, worldOf({ declarations: [one] }))).toMatchObject({
      refusal: {
        reason: 'UnknownConnection',
        message: 'spec.kafka.connection is "third"; the operator\'s configuration has: default, second',
      },
    });
  });

  test.each(['HorizontalPodAutoscaler', 'ScaledObject'] as const)('a target that a %s scales', (kind) => {
    const one = declare('a', { target: 'remote' });
    const world = worldOf({ declarations: [one], owners: { remote: { kind, name: 'other' } } });
    const admission = admit(one, world);
    expect(reasonOf(admission)).toBe(`TargetOwnedBy${kind}`);
    expect(admission).toMatchObject({ refusal: { message: expect.stringContaining(`the ${kind} other`) } });
  });

  test('the younger of two on one target, not the older', () => {
    const older = declare('older', { target: 'remote', createdAt: '2026-01-01T00:00:00Z' });
    const younger = declare('younger', { target: 'remote', createdAt: '2026-01-02T00:00:00Z' });
    const world = worldOf({ declarations: [younger, older] });
    expect(admit(older, world).kind).toBe('admitted');
    expect(admit(younger, world)).toMatchObject({
      refusal: {
        reason: 'TargetOwnedByStageScaler',
        message: 'Deployment remote is scaled by the older StageScaler older',
      },
    });
  });

  test('a target that is not there', () => {
    const one = declare('a', { target: 'remote' });
    const world = worldOf({ declarations: [one], deployments: ['other'] });
    expect(admit(one, world)).toMatchObject({
      refusal: { message: 'there is no Deployment remote in the namespace default' },
    });
  });
});

describe('is scaled by its own lag, and told so,', () => {
  test('where upstream does not exist', () => {
    const one = declare('a', { upstream: ['b', 'gone'] });
    const other = declare('b');
    expect(admit(one, worldOf({ declarations: [one, other] }))).toMatchObject({
      kind: 'admitted',
      scaler: { spec: { upstream: ['default/b'] } },
      complaint: {
        reason: 'UpstreamNotFound',
        message: 'spec.upstream names gone, which there is not: that part is not followed',
      },
    });
  });

  test('where upstream is the same stage', () => {
    const declarations = [declare('a', { upstream: ['b'], group: 'g' }), declare('b', { group: 'g' })];
    expect(reasonOf(admit(declarations[0]!, worldOf({ declarations })))).toBe('UpstreamContradictory');
  });

  test('where upstream goes in a circle, each in it', () => {
    const declarations = [
      declare('a', { upstream: ['c'] }),
      declare('b', { upstream: ['a', 'x'] }),
      declare('c', { upstream: ['b'] }),
      declare('x'),
      declare('after', { upstream: ['a'] }),
    ];
    const world = worldOf({ declarations });
    const reasons = declarations.map((one) => reasonOf(admit(one, world)));
    expect(reasons).toEqual(['UpstreamCyclic', 'UpstreamCyclic', 'UpstreamCyclic', undefined, undefined]);
    expect(admit(declarations[1]!, world)).toMatchObject({
      scaler: { spec: { upstream: ['default/x'] } },
      complaint: { message: expect.stringContaining('(b ← a ← c ← b)') },
    });
  });
});

test('what is followed of any upstream exists and goes in no circle', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const graph = fc.array(fc.subarray([...names, 'gone']), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(graph, (edges) => {
      const declarations = names.map((name, index) =>
        declare(name, { upstream: edges[index]!.filter((other) => other !== name) }),
      );
      const world = worldOf({ declarations });
      const followed = new Map(
        declarations.map((one) => {
          const admission = admit(one, world);
          return [one.key, admission.kind === 'admitted' ? admission.scaler.spec.upstream : ['refused']];
        }),
      );
      const isAcyclic = (key: string, path: readonly string[]): boolean =>
        !path.includes(key) && (followed.get(key) ?? ['x']).every((next) => isAcyclic(next, [...path, key]));
      for (const [key, upstream] of followed) {
        expect(upstream.filter((name) => !world.declaration(name))).toEqual([]);
        expect(isAcyclic(key, [])).toBe(true);
      }
    }),
  );
});
