import type {
  LagReading,
  MemberReading,
  Observation,
  PartitionReading,
  ReplicaLoad,
  ScalerObservation,
  ScalerSpec,
  UnknownReason,
} from '../../scaling/types.ts';
import type { Pipeline } from './pipeline.ts';
import type { Stage } from './stage.ts';

const MESSAGES = {
  'broker-outage': ['BrokerUnreachable', 'no broker answers'],
  'leader-loss': ['PartitionLeaderless', 'partitions without a leader'],
  blind: ['ReadTimedOut', 'the read of offsets timed out'],
} as const satisfies Record<string, readonly [UnknownReason, string]>;

/** What the operator sees of a pipeline at this time: the same shape as from Kafka and Kubernetes. */
export function observe(pipeline: Pipeline, specs: readonly ScalerSpec[]): Observation {
  const scalers = pipeline.stages.map((stage, index): ScalerObservation => ({
    spec: specs[index]!,
    lag: readLag(pipeline, stage),
    replicas: { desired: stage.desired, ready: stage.ready, revision: '1' },
  }));
  return { at: pipeline.now, scalers };
}

/** The StageScalers of a scenario, with every default. */
export function specsOf(pipeline: Pipeline): ScalerSpec[] {
  const { stages } = pipeline.scenario;
  return stages.map((model) => ({
    name: model.name,
    maxAgeSeconds: model.maxAgeSeconds,
    minReplicas: model.minReplicas,
    maxReplicas: model.maxReplicas,
    upstream: model.input === undefined ? [] : [stages[model.input]!.name],
    profile: model.profile ?? 'balanced',
    idleSeconds: model.idleSeconds ?? 300,
    fallback: undefined,
    capacityHint: undefined,
    offsetReset: 'earliest',
  }));
}

function readLag(pipeline: Pipeline, stage: Stage): LagReading {
  const { blindness } = pipeline;
  if (blindness) {
    const [reason, message] = MESSAGES[blindness];
    return { kind: 'unknown', reason, message };
  }
  const topic = stage.model.name;
  const members = stage.group.members.map(({ id, assigned }): MemberReading => ({
    id,
    // During a rebalance Kafka goes on telling who had what before.
    assigned: assigned.map((partition) => ({ topic, partition })),
  }));
  return {
    kind: 'known',
    group: { state: stage.group.state, members },
    partitions: stage.queues.map((queue, partition): PartitionReading => ({
      topic,
      partition,
      begin: 0,
      end: Math.floor(queue.arrived + 1e-6),
      // An offset of 0 has never been committed.
      committed: stage.committed[partition]! || undefined,
      load: copyOf(stage.reports[partition]),
    })),
  };
}

/** Reports go on changing, an observation does not. */
const copyOf = (report: ReplicaLoad | undefined): ReplicaLoad | undefined => report && { ...report };
