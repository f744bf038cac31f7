import { candidateReplicas, evenReplicas } from '../../scaling/levels.ts';
import { PROFILES } from '../../scaling/settings.ts';
import { figure } from '../columns.ts';
import type { ScalerDetail } from './scaler-detail.ts';

/**
 * What would have to be different for another decision, in words. Thresholds are for even partitions: capacity of n
 * replicas = capacity of one x P / ceil(P / n).
 */
export function whatWouldChange(detail: ScalerDetail): string[] {
  if (detail.decided === undefined) return [];
  return [...mode(detail), ...knowledge(detail), ...more(detail), ...fewer(detail)];
}

function mode({ mode: current, decided, desired }: ScalerDetail): string[] {
  if (current === 'active') return [];
  const then =
    decided === desired ? 'nothing would be changed either' : `${figure(decided)} replicas would be set`;
  return [`${current === 'paused' ? 'It is paused' : 'dryRun is on'}: without that, ${then}.`];
}

function knowledge({ lagKnown, spec, conditions, measured }: ScalerDetail): string[] {
  const lines: string[] = [];
  if (!lagKnown) {
    const condition = conditions.find(({ type }) => type === 'LagKnown');
    lines.push(`The lag has to be readable: ${condition?.message ?? 'it is unknown'}.`);
    lines.push(
      spec.fallback
        ? `After ${spec.fallback.afterSeconds} s without it, at least ${spec.fallback.replicas} replicas are kept.`
        : 'Until then the replicas stay as they are: no fallback is set.',
    );
  } else if (measured.capacityPerReplica === undefined)
    lines.push(
      'What one replica can do has to be seen first: by commit metadata, under load, or capacityHint.',
    );
  return lines;
}

function more({ decided, spec, measured }: ScalerDetail): string[] {
  const { capacityPerReplica: capacity, partitions } = measured;
  if (decided === undefined || capacity === undefined || partitions === undefined) return [];
  const { upper, recovery } = PROFILES[spec.profile];
  const next = candidateReplicas(partitions, spec.minReplicas, spec.maxReplicas).find((n) => n > decided);
  if (next === undefined) {
    const limit =
      decided >= partitions ? `the ${partitions} partitions` : `maxReplicas (${spec.maxReplicas})`;
    return [`More: nothing; ${limit} allow no more.`];
  }
  const limit = capacity * evenReplicas(partitions, decided) * upper;
  return [
    `More (${next}): above ${figure(limit)}/s, ${percent(upper)} of what ${decided} can do; or a backlog that ` +
      `${decided} would not work off in ${figure(recovery * spec.maxAgeSeconds)} s.`,
  ];
}

function fewer({ decided, spec, measured }: ScalerDetail): string[] {
  const { capacityPerReplica: capacity, partitions } = measured;
  if (decided === undefined || capacity === undefined || partitions === undefined) return [];
  const { lower, window } = PROFILES[spec.profile];
  const less = candidateReplicas(partitions, spec.minReplicas, spec.maxReplicas).findLast((n) => n < decided);
  if (less === undefined)
    return spec.minReplicas === 0 && decided > 0
      ? [`Fewer (0): when nothing has happened for ${spec.idleSeconds} s, here and upstream.`]
      : [`Fewer: nothing; minReplicas is ${spec.minReplicas}.`];
  const limit = capacity * evenReplicas(partitions, less) * lower;
  return [
    `Fewer (${less}): when no more than ${figure(limit)}/s, ${percent(lower)} of what ${less} can do, have been ` +
      `needed for ${window} s or longer, and no backlog is left.`,
  ];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
