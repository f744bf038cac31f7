import { columns, figure } from '../columns.ts';
import type { ScalerDetail } from './scaler-detail.ts';
import { whatWouldChange } from './what-would-change.ts';

/** The last decision of a scaler: what was measured, the arithmetic, what was rejected, what would change it. */
export function renderExplanation(detail: ScalerDetail): string[] {
  return [
    headline(detail),
    `  ${detail.message}`,
    ...(detail.error === undefined ? [] : [`  The change has failed: ${detail.error}`]),
    '',
    'Measured',
    ...measuredLines(detail),
    ...section('Considered', alternativeLines(detail)),
    ...section('Conditions', conditionLines(detail)),
    ...section(
      'What would change it',
      whatWouldChange(detail).map((line) => `  ${line}`),
    ),
  ];
}

function headline({ name, desired, decided, ready, reason, result, mode }: ScalerDetail): string {
  if (decided === undefined || desired === undefined) return `${name}: nothing was decided, ${reason}`;
  const change = decided === desired ? `stays at ${desired}` : `${desired} → ${decided}`;
  const noun = decided === 1 ? 'replica' : 'replicas';
  const note = mode === 'active' ? result : mode;
  return `${name}: ${change} ${noun}, ${figure(ready)} ready: ${reason} (${note})`;
}

function measuredLines({ measured, spec, group, groupState, members, topics }: ScalerDetail): string[] {
  const { capacityPerReplica, capacitySource, utilization } = measured;
  const source = capacitySource === undefined ? '' : `, from ${capacitySource}`;
  const capacity =
    capacityPerReplica === undefined ? '?' : `${figure(capacityPerReplica)}/s per replica${source}`;
  return columns([
    ['group', `${group}, ${groupState ?? '?'}, ${figure(members)} members`],
    ['topics', `${topics.join(', ')}: ${figure(measured.partitions)} partitions`],
    ['lag', `${figure(measured.lagRecords)} records`],
    ['age', `${figure(measured.ageSeconds)} s of the ${figure(spec.maxAgeSeconds)} s that an event may wait`],
    [
      'arrivals',
      `${figure(measured.arrivalPerSecond)}/s, planned for ${figure(measured.plannedPerSecond)}/s` +
        (spec.upstream.length > 0 ? `, upstream ${spec.upstream.join(', ')}` : ''),
    ],
    ['capacity', capacity],
    ['utilization', utilization === undefined ? '?' : `${Math.round(utilization * 100)} %`],
    [
      'delays',
      `a start takes ${figure(measured.coldStartSeconds)} s, a rebalance ${figure(measured.rebalanceSeconds)} s; ` +
        `${figure(measured.rebalances)} rebalances seen`,
    ],
    [
      'asked for',
      `${spec.minReplicas} to ${spec.maxReplicas} replicas, profile ${spec.profile}, ${spec.maxAgeSeconds} s`,
    ],
  ]);
}

function alternativeLines({ alternatives }: ScalerDetail): string[] {
  const rows = alternatives.map(({ replicas, verdict, why }) => [String(replicas), verdict, why]);
  return columns(rows, [0]);
}

function conditionLines({ conditions }: ScalerDetail): string[] {
  return columns(
    conditions.map(({ type, status, reason, message }) => [type, String(status), reason, message]),
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}
