import { columns, figure } from '../columns.ts';
import type { ScalerDetail } from './scaler-detail.ts';
import { whatWouldChange } from './what-would-change.ts';

/**
 * The last decision of a scaler: what was measured, the arithmetic, what was rejected, what would change it.
 * @param note where all this comes from, where that is not the operator itself
 */
export function renderExplanation(detail: ScalerDetail, note?: string): string[] {
  return [
    headline(detail),
    `  ${detail.message}`,
    ...(note ? [`  ${note}`] : []),
    ...(detail.error === undefined ? [] : [`  The change has failed: ${detail.error}`]),
    '',
    detail.decided === undefined ? 'Asked for' : 'Measured',
    ...measuredLines(detail),
    ...section('Considered', alternativeLines(detail)),
    ...section('Conditions', conditionLines(detail)),
    ...section(
      'What would change it',
      whatWouldChange(detail).map((line) => `  ${line}`),
    ),
  ];
}

function headline(detail: ScalerDetail): string {
  const { name, desired, decided, ready, reason } = detail;
  if (decided === undefined || desired === undefined) return `${name}: nothing was decided, ${reason}`;
  return `${name}: ${changeOf(detail, desired, decided)}, ${figure(ready)} ready: ${reason}`;
}

/** What became of the decision: it is one thing to want replicas, and another to have them. */
function changeOf({ mode, result }: ScalerDetail, desired: number, decided: number): string {
  const replicas = `${decided} ${decided === 1 ? 'replica' : 'replicas'}`;
  if (decided === desired) return `stays at ${replicas}${mode === 'active' ? '' : ` (${mode})`}`;
  if (mode === 'paused') return `paused at ${desired}, would have ${replicas}`;
  if (mode === 'dry-run') return `dry run, stays at ${desired}, would have ${replicas}`;
  if (result === 'scaled') return `scaled from ${desired} to ${replicas}`;
  return `${desired} → ${replicas} (${result})`;
}

const SOURCES: Readonly<Record<string, string>> = {
  'busy-time': 'from the busy time that replicas commit',
  saturated: 'seen while they were behind',
  hint: 'as spec.capacityHint says',
};

function measuredLines(detail: ScalerDetail): string[] {
  const { measured, spec, group, groupState, members, topics } = detail;
  const { capacityPerReplica, capacitySource = '', utilization } = measured;
  const capacity =
    capacityPerReplica === undefined
      ? '? per replica: not seen yet'
      : `${figure(capacityPerReplica)}/s per replica, ${SOURCES[capacitySource] ?? capacitySource}`;
  const seen = groupState === undefined ? '' : `: ${groupState}, ${count(members, 'member')}`;
  const asked = [
    'asked for',
    `no event older than ${spec.maxAgeSeconds} s, ${spec.minReplicas} to ${spec.maxReplicas} replicas, ` +
      `profile ${spec.profile}${spec.upstream.length > 0 ? `, upstream ${spec.upstream.join(', ')}` : ''}`,
  ];
  const read = [
    ['group', `${group}${seen}`],
    [
      'topics',
      topics.join(', ') + (measured.partitions ? `: ${count(measured.partitions, 'partition')}` : ''),
    ],
  ];
  if (detail.decided === undefined) return columns([...read, asked]);
  if (!detail.lagKnown) return columns([...read, ['lag', 'not known'], asked]);
  return columns([
    ...read,
    ['lag', `${count(measured.lagRecords, 'record')} waiting`],
    ['age', `${figure(measured.ageSeconds)} s waited by the oldest; ${spec.maxAgeSeconds} s are allowed`],
    [
      'arrivals',
      `${figure(measured.arrivalPerSecond)}/s; planned for: ${figure(measured.plannedPerSecond)}/s`,
    ],
    ['capacity', capacity],
    ['utilization', utilization === undefined ? '?' : `${Math.round(utilization * 100)} % of all replicas`],
    [
      'delays',
      `a start takes ${figure(measured.coldStartSeconds)} s, a rebalance ${figure(measured.rebalanceSeconds)} s; ` +
        `${count(measured.rebalances, 'rebalance')} seen`,
    ],
    asked,
  ]);
}

/** Where one thing only was considered, the first lines have said it. */
function alternativeLines({ alternatives, message }: ScalerDetail): string[] {
  if (alternatives.every(({ why }) => why === message)) return [];
  const rows = alternatives.map(({ replicas, verdict, why }) => [String(replicas), verdict, why]);
  return columns(rows, [0]);
}

function conditionLines({ conditions }: ScalerDetail): string[] {
  return columns(
    conditions.map(({ type, status, reason, message }) => [type, status ? 'True' : 'False', reason, message]),
  );
}

const count = (value: number | undefined, noun: string): string =>
  `${figure(value)} ${noun}${value === 1 ? '' : 's'}`;

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}
