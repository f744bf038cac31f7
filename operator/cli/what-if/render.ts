import { columns, figure } from '../columns.ts';
import type { Change, Comparison, Course } from './replay.ts';
import { summarize } from './summary.ts';

/** The comparison as text: figures of both courses, and every scaling that would have been. */
export function renderComparison(comparisons: readonly Comparison[], change: Change): string[] {
  const head = ['SCALER', '', 'REPLICA-S', 'SCALINGS', 'MOST', 'MAX LAG', 'MAX AGE', 'OVER', 'UNKNOWN'];
  const rows = comparisons.flatMap((comparison) => rowsOf(comparison, change));
  return [
    ...columns([head, ...rows], [2, 3, 4, 5, 6, 7, 8], ''),
    '',
    'OVER: seconds in which the oldest event had waited longer than asked for in the what-if.',
    'Arrivals are as they were recorded, at every stage: a stage upstream that would have been quicker or slower',
    'is not followed downstream. What replicas would have settled is modelled by the capacity that was measured,',
    'as if records flowed: what a real replica holds in work, its lag of a second or two, is left out.',
    ...comparisons.flatMap(scalingLines),
  ];
}

function rowsOf({ name, recorded, whatIf }: Comparison, change: Change): string[][] {
  const limit = change.maxAgeSeconds ?? recorded.spec.maxAgeSeconds;
  return [
    [name, 'recorded', ...figures(recorded, limit)],
    whatIf ? ['', 'what if', ...figures(whatIf, limit)] : ['', 'what if: its capacity was never measured'],
  ];
}

function figures(course: Course, limit: number): string[] {
  const summary = summarize(course, limit);
  return [
    figure(summary.replicaSeconds),
    String(summary.scalings),
    String(summary.maxReplicas),
    figure(summary.maxLag),
    `${figure(summary.maxAge)} s`,
    `${figure(summary.overSeconds)} s`,
    `${figure(summary.unknownSeconds)} s`,
  ];
}

function scalingLines({ name, whatIf }: Comparison): string[] {
  if (!whatIf) return [];
  const start = whatIf.points[0]?.at ?? 0;
  const lines = whatIf.points.flatMap(({ at, desired, scaling }) =>
    scaling
      ? [
          [
            `${figure(Math.round(at - start))} s`,
            `${desired} → ${scaling.to}`,
            scaling.decision.reason,
            scaling.decision.message,
          ],
        ]
      : [],
  );
  return ['', `${name} would have been scaled ${times(lines.length)}`, ...columns(lines, [0, 1])];
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
