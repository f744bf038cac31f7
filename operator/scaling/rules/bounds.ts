import type { Rule } from './rule.ts';

/** Fewer replicas than the least allowed are never left so, whatever is known. */
export const belowMinimum: Rule = ({ spec, replicas, known }) => {
  if (replicas.desired >= spec.minReplicas) return undefined;
  const need = Math.max(spec.minReplicas, known?.sized?.need.replicas ?? 0);
  return {
    replicas: Math.min(need, Math.max(spec.minReplicas, spec.maxReplicas)),
    reason: 'BelowMinimum',
    message: `${replicas.desired} replicas are fewer than minReplicas ${spec.minReplicas}`,
  };
};

/** More than the most allowed are taken back at once: that was asked for, not concluded. */
export const aboveMaximum: Rule = ({ spec, replicas }) => {
  if (replicas.desired <= spec.maxReplicas) return undefined;
  return {
    replicas: spec.maxReplicas,
    reason: 'AboveMaximum',
    message: `${replicas.desired} replicas are more than maxReplicas ${spec.maxReplicas}`,
  };
};
