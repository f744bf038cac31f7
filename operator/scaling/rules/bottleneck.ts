import { number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/** More replicas that did not settle more are given back, at once. */
export const rollback: Rule = ({ memory, replicas, at, spec }) => {
  const { ceiling } = memory.bottleneck;
  if (ceiling === undefined || at >= ceiling.probeAt || replicas.desired <= ceiling.replicas)
    return undefined;
  return {
    replicas: Math.max(ceiling.replicas, spec.minReplicas),
    reason: 'BottleneckRollback',
    message:
      `${replicas.desired} replicas settle no more than ${ceiling.replicas} would: something they share is full; ` +
      `more are tried again in ${seconds(ceiling.probeAt - at)}`,
  };
};

/** More would be needed, but have been found not to help. */
export const bottlenecked: Rule = (situation) => {
  const { memory, at, known } = situation;
  const { ceiling } = memory.bottleneck;
  if (ceiling === undefined || at >= ceiling.probeAt || known?.sized?.need.limited !== true) return undefined;
  const settles = ceiling.throughput === undefined ? '' : ` (${number(ceiling.throughput)}/s)`;
  return hold(
    situation,
    'Bottlenecked',
    `more than ${ceiling.replicas} replicas settle no more${settles}; tried again in ${seconds(ceiling.probeAt - at)}`,
  );
};
