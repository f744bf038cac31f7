import type { Scenario } from '../model/scenario.ts';
import type { Summary } from '../run/summary.ts';

/** A promise and whether it was kept. */
export interface Verdict {
  readonly scenario: string;
  readonly target: string;
  readonly kept: boolean;
  /** The figures behind it. */
  readonly figures: string;
}

const OURS = 'sluice';
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/**
 * What is promised for every trace on which replicas can keep the objective, by means over the seeds. The best KEDA
 * is chosen for each trace after the fact: the setting with the fewest seconds over, the cheaper of equals.
 */
export function checkTargets(summaries: readonly Summary[], scenarios: readonly Scenario[]): Verdict[] {
  return scenarios
    .filter(({ scalable }) => scalable)
    .flatMap(({ name }) => {
      const rows = summaries.filter(({ scenario }) => scenario === name);
      const ours = rows.find(({ controller }) => controller === OURS);
      return ours ? checkTrace(ours, rows) : [];
    });
}

/** The KEDA setting with the fewest seconds over the objective, the cheaper of equals. */
export function bestKeda(rows: readonly Summary[]): Summary | undefined {
  return rows
    .filter(({ controller }) => controller.startsWith('keda'))
    .toSorted(
      (a, b) => a.secondsOver.mean - b.secondsOver.mean || a.replicaSeconds.mean - b.replicaSeconds.mean,
    )[0];
}

function checkTrace(ours: Summary, rows: readonly Summary[]): Verdict[] {
  const { scenario } = ours;
  const row = (controller: string) => rows.find((one) => one.controller === controller);
  const over = ours.secondsOver.mean;
  const cost = ours.replicaSeconds.mean;
  const verdicts: Verdict[] = [];
  const keda = bestKeda(rows);
  if (keda)
    verdicts.push({
      scenario,
      target: '≤ 0.5x the seconds over and ≤ 1.0x the replica-seconds of the best KEDA',
      kept: over <= 0.5 * keda.secondsOver.mean && cost <= keda.replicaSeconds.mean,
      figures: `${both(ours)}; ${keda.controller} ${both(keda)}`,
    });
  const dominating = rows.filter(
    (one) =>
      one.controller.startsWith('keda') && one.secondsOver.mean < over && one.replicaSeconds.mean <= cost,
  );
  if (keda)
    verdicts.push({
      scenario,
      target: 'no KEDA setting is both faster and cheaper',
      kept: dominating.length === 0,
      figures:
        dominating.length === 0 ? both(ours) : `${both(ours)}; ${dominating.map(nameAndBoth).join(', ')}`,
    });
  const flink = row('flink-tuned');
  if (flink)
    verdicts.push({
      scenario,
      target: '≤ tuned Flink-style in both',
      kept: over <= flink.secondsOver.mean && cost <= flink.replicaSeconds.mean,
      figures: `${both(ours)}; flink-tuned ${both(flink)}`,
    });
  const oracle = row('oracle');
  if (oracle)
    verdicts.push({
      scenario,
      target: '≤ 1.35x the replica-seconds of the oracle',
      kept: cost <= 1.35 * oracle.replicaSeconds.mean,
      figures: `${whole(cost)} / ${whole(oracle.replicaSeconds.mean)} = ${(cost / oracle.replicaSeconds.mean).toFixed(2)}`,
    });
  if (scenario === 'flat')
    verdicts.push({
      scenario,
      target: 'no reversals',
      kept: ours.reversals.max === 0,
      figures: `at most ${ours.reversals.max}`,
    });
  return verdicts;
}

const both = ({ secondsOver, replicaSeconds }: Summary): string =>
  `${secondsOver.mean.toFixed(1)} s, ${whole(replicaSeconds.mean)} replica-s`;
const nameAndBoth = (summary: Summary): string => `${summary.controller} ${both(summary)}`;

interface MeasuredTarget {
  readonly scenario: string;
  readonly target: string;
  readonly check: (summary: Summary) => readonly [kept: boolean, figures: string];
}

const bounds = (summary: Summary): string =>
  `at most ${summary.secondsOver.max} s over, ${whole(summary.replicaSeconds.max)} replica-s, ` +
  `${summary.reversals.max} reversals, ${summary.badDowns.max} downs below the need`;

/** For the measured traces, at every phase of the tick and under every seed: the worst run counts. */
const MEASURED_TARGETS: readonly MeasuredTarget[] = [
  {
    scenario: 'kind-step',
    target: '≤ 10 s over, ≤ 3,200 replica-s, no scale-down below the need',
    check: (s) => [
      s.secondsOver.max <= 10 && s.replicaSeconds.max <= 3_200 && s.badDowns.max === 0,
      bounds(s),
    ],
  },
  {
    scenario: 'kind-flat',
    target: 'no reversals, ≤ 1.6x the ideal replica-seconds',
    check: (s) => [
      s.reversals.max === 0 && s.replicaSeconds.max <= 1.6 * s.idealReplicaSeconds,
      `${bounds(s)}, ${(s.replicaSeconds.max / s.idealReplicaSeconds).toFixed(2)}x`,
    ],
  },
  {
    scenario: 'kind-hold',
    target: 'no reversals, no scale-down below the need, ≤ 1.6x the ideal replica-seconds',
    check: (s) => [
      s.reversals.max === 0 && s.badDowns.max === 0 && s.replicaSeconds.max <= 1.6 * s.idealReplicaSeconds,
      `${bounds(s)}, ${(s.replicaSeconds.max / s.idealReplicaSeconds).toFixed(2)}x`,
    ],
  },
  {
    scenario: 'kind-spike',
    target: '≤ 5 s over, ≤ 2,000 replica-s',
    check: (s) => [s.secondsOver.max <= 5 && s.replicaSeconds.max <= 2_000, bounds(s)],
  },
];

export function checkMeasuredTargets(summaries: readonly Summary[]): Verdict[] {
  return MEASURED_TARGETS.flatMap(({ scenario, target, check }) => {
    const summary = summaries.find((one) => one.scenario === scenario && one.controller === OURS);
    if (!summary) return [];
    const [kept, figures] = check(summary);
    return [{ scenario, target, kept, figures }];
  });
}
