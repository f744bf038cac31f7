import { stageScaler } from '../api/stage-scaler.fixture.ts';
import type { ManagedScaler, Outcome } from '../loop/ports.ts';
import type { Decision, LagReading } from '../scaling/types.ts';
import type { Admission } from './admission.ts';
import { admit } from './admission.ts';
import type { Declaration } from './declaration.ts';
import { readDeclaration, targetKey } from './declaration.ts';
import type { OtherOwner, World } from './world.ts';

export interface DeclarationParts {
  readonly upstream?: readonly string[];
  readonly target?: string;
  readonly group?: string;
  readonly connection?: string;
  readonly createdAt?: string;
  readonly spec?: object;
  readonly status?: object;
}

/** A StageScaler of the namespace `default`, with a Deployment and a group of its own. */
export function declare(name: string, parts: DeclarationParts = {}): Declaration {
  const { upstream = [], target = name, group = `group-${name}`, connection = 'default' } = parts;
  const raw = stageScaler({
    metadata: {
      name,
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: parts.createdAt ?? '2026-01-01T00:00:00Z',
    },
    spec: {
      scaleTargetRef: { name: target },
      kafka: { consumerGroup: group, topics: [`topic-${name}`], connection },
      objective: { maxAgeSeconds: 10 },
      maxReplicas: 12,
      upstream,
      ...parts.spec,
    },
  });
  return readDeclaration({
    metadata: raw['metadata'],
    ...raw,
    ...(parts.status && { status: parts.status }),
  });
}

export interface WorldParts {
  readonly declarations?: readonly Declaration[];
  /** Names of Deployments. Default: all there could be. */
  readonly deployments?: readonly string[];
  readonly owners?: Readonly<Record<string, OtherOwner>>;
}

export function worldOf({ declarations = [], deployments, owners = {} }: WorldParts): World {
  const byAge = declarations.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return {
    connections: new Set(['default', 'second']),
    declaration: (key) => declarations.find((one) => one.key === key),
    claimants: (target) =>
      byAge.filter(
        ({ parsed, namespace }) =>
          parsed.kind === 'valid' && targetKey(namespace, parsed.scaler.target) === target,
      ),
    otherOwner: (target) => owners[target.split(' ')[2] ?? ''],
    targetExists: (_namespace, { name }) => deployments?.includes(name) ?? true,
  };
}

export function admitted(declaration: Declaration): Admission {
  return admit(declaration, worldOf({ declarations: [declaration] }));
}

export interface OutcomeParts {
  readonly desired?: number;
  readonly decision?: Partial<Decision>;
  readonly partitions?: number;
  readonly lagRecords?: number;
  readonly unknown?: Extract<LagReading, { kind: 'unknown' }>;
  readonly result?: Outcome['result'];
  readonly error?: string;
}

/** What became of one decision about `declaration`. */
export function outcomeOf(declaration: Declaration, parts: OutcomeParts = {}): Outcome {
  if (declaration.parsed.kind === 'invalid') throw new Error('there are no outcomes of what is invalid');
  const { spec, lag } = declaration.parsed.scaler;
  const { desired = 3, partitions = 12, lagRecords = 100, unknown } = parts;
  const target = { read: async () => ({ desired, ready: desired, revision: '' }), scale: async () => {} };
  const scaler: ManagedScaler = { spec, lag, target, mode: 'active' };
  const known: LagReading = { kind: 'known', group: { state: 'Stable', members: [] }, partitions: [] };
  const reading = unknown ?? known;
  return {
    scaler,
    observation: { spec, lag: reading, replicas: { desired, ready: desired, revision: '' } },
    decision: {
      scaler: spec.name,
      replicas: desired,
      reason: unknown ? 'LagUnknown' : 'Steady',
      message: 'the arithmetic',
      measured: {
        lagRecords: unknown ? undefined : lagRecords,
        ageSeconds: undefined,
        arrivalPerSecond: 12.3456,
        plannedPerSecond: 12.3456,
        capacityPerReplica: 40.129_48,
        capacitySource: 'busy-time',
        utilization: 0.5,
        coldStartSeconds: 4,
        rebalanceSeconds: 2,
        rebalances: 1,
        partitions: unknown ? 0 : partitions,
      },
      alternatives: [],
      conditions: [
        unknown
          ? { type: 'LagKnown', status: false, reason: unknown.reason, message: unknown.message }
          : { type: 'LagKnown', status: true, reason: 'Read', message: 'every partition was read' },
      ],
      ...parts.decision,
    },
    result: parts.result ?? 'held',
    error: parts.error,
  };
}
