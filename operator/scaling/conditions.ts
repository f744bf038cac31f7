import type { Situation } from './situation.ts';
import type { Verdict } from './types.ts';
import { count, number } from './words.ts';

/** What becomes a condition of the StageScaler. Of what is not known nothing is said but that. */
export function conditionsOf(situation: Situation): readonly Verdict[] {
  const { unknown, known } = situation;
  if (unknown !== undefined || known === undefined) {
    const { reason = 'NotRead', message = 'not read yet' } = unknown ?? {};
    return [{ type: 'LagKnown', status: false, reason, message }];
  }
  return [
    { type: 'LagKnown', status: true, reason: 'Read', message: 'every partition was read' },
    limitedOf(situation),
    bottleneckOf(situation),
    partitionsOf(situation, 'HotPartition'),
    partitionsOf(situation, 'PoisonedPartition'),
  ];
}

function limitedOf({ known, spec }: Situation): Verdict {
  const type = 'ScalingLimited';
  if (known?.sized?.need.limited !== true) {
    return { type, status: false, reason: 'WithinLimits', message: 'the need is within the limits' };
  }
  const partitions = known.look.partitions.length;
  if (known.sized.need.replicas >= partitions) {
    const message = `more replicas would be needed than there are partitions (${partitions})`;
    return { type, status: true, reason: 'TooFewPartitions', message };
  }
  return {
    type,
    status: true,
    reason: 'TooManyReplicas',
    message: `more replicas would be needed than maxReplicas ${spec.maxReplicas} allows`,
  };
}

function bottleneckOf({ memory, at }: Situation): Verdict {
  const type = 'Bottlenecked';
  const { ceiling } = memory.bottleneck;
  if (ceiling === undefined || at >= ceiling.probeAt) {
    return { type, status: false, reason: 'ReplicasHelp', message: 'nothing speaks against more replicas' };
  }
  return {
    type,
    status: true,
    reason: 'ReplicasDoNotHelp',
    message: `more than ${count(ceiling.replicas, 'replica')} settled no more: something they share is full`,
  };
}

function partitionsOf({ known }: Situation, type: 'HotPartition' | 'PoisonedPartition'): Verdict {
  const hot = type === 'HotPartition';
  const indexes = (hot ? known?.troubled.hot : known?.troubled.poisoned) ?? [];
  if (indexes.length === 0 || known === undefined) {
    const message = hot ? 'no partition gets more than a replica settles' : 'no partition stands still';
    return { type, status: false, reason: 'None', message };
  }
  const names = indexes.slice(0, 5).map((index) => {
    const { topic, partition } = known.look.partitions[index] ?? { topic: '?', partition: index };
    return `${topic}/${partition} (${number(known.look.lags[index] ?? 0)} waiting)`;
  });
  const more = indexes.length > names.length ? ` and ${indexes.length - names.length} more` : '';
  const what = hot ? 'more arrives than one replica settles' : 'it stands still while others move';
  return {
    type,
    status: true,
    reason: hot ? 'AboveReplicaCapacity' : 'StandsStill',
    message: `${names.join(', ')}${more}: ${what}, and replicas do not help`,
  };
}
