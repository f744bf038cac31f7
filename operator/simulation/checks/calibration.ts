import type { Job, JobResult } from '../run/job.ts';
import { spread } from '../run/summary.ts';
import type { Spread } from '../run/summary.ts';

/** What real KEDA did on a real cluster, one run per row: Kubernetes 1.36.4, KEDA 2.20.2, Kafka 4.3.1. */
interface MeasuredRun {
  readonly label: string;
  readonly scenario: string;
  readonly controller: string;
  readonly environment: 'measured' | 'measured-cpu-full';
  /** Of the HPA's sync, and of KEDA's poll, within their periods, as they happened to be. */
  readonly phase?: number;
  readonly pollPhase?: number;
  readonly measured: Figures;
}

/** What is compared. */
export interface Figures {
  readonly secondsOver: number;
  readonly replicaSeconds: number;
  readonly ageP99: number;
  readonly peak: number;
}

const run =
  (label: string, names: readonly [scenario: string, controller: string], phases: Partial<MeasuredRun>) =>
  (secondsOver: number, replicaSeconds: number, ageP99: number, peak: number): MeasuredRun => ({
    label,
    scenario: names[0],
    controller: names[1],
    environment: 'measured',
    ...phases,
    measured: { secondsOver, replicaSeconds, ageP99, peak },
  });

const FULL = 'measured-cpu-full' as const;

export const MEASURED_RUNS: readonly MeasuredRun[] = [
  run('static 24, step', ['kind-step', 'static-24'], {})(0, 12_240, 1.2, 24),
  run('static 8, step', ['kind-step', 'static-8'], {})(0, 4_080, 3.8, 8),
  run('default, step', ['kind-step', 'keda-default'], { phase: 14.3 })(55, 9_044, 22.9, 24),
  run('tuned 5 s, step', ['kind-step', 'keda-5s'], { phase: 14.3 })(31, 3_292, 19.1, 19),
  run('tuned 5 s, step, run 2', ['kind-step', 'keda-5s'], { phase: 3.4, environment: FULL })(
    83,
    4_530,
    22.4,
    22,
  ),
  run('tuned 1 s, step', ['kind-step', 'keda-1s'], { phase: 7.4, environment: FULL })(65, 6_207, 24.3, 24),
  run('tuned 1 s, step, run 2', ['kind-step', 'keda-1s'], { phase: 2.1 })(28, 4_672, 17.6, 24),
  run('default, flat', ['kind-flat', 'keda-default'], { phase: 13.4 })(33, 6_229, 16.5, 24),
  run('default, hold', ['kind-hold', 'keda-default'], { phase: 10.7 })(50, 18_532, 20.7, 24),
  run('tuned 5 s, flat', ['kind-flat', 'keda-5s'], { phase: 4 })(20, 2_166, 16.1, 13),
  run('default, spike', ['kind-spike', 'keda-default'], { phase: 5.2 })(49, 6_090, 23.7, 24),
  run('tuned 5 s, spike', ['kind-spike', 'keda-5s'], { phase: 10 })(43, 1_893, 16, 22),
  run('tuned 1 s, spike', ['kind-spike', 'keda-1s'], { phase: 2 })(0, 1_979, 6.9, 24),
  run('default, zero', ['kind-zero', 'keda-default'], { phase: 5.7, pollPhase: 20.5 })(26, 3_760, 24.3, 24),
  run('tuned 5 s, zero', ['kind-zero', 'keda-5s'], { phase: 8.3, pollPhase: 1.5 })(2, 175, 10, 3),
];

/** The runs that repeat the measured ones, under these seeds. */
export function calibrationJobs(seeds: readonly number[]): Job[] {
  return MEASURED_RUNS.flatMap(({ environment, scenario, controller, phase, pollPhase }) =>
    seeds.map((seed) => ({ environment, scenario, controller, seed, phase, pollPhase, withTimeline: false })),
  );
}

export type Agreement = 'within 25 %' | 'within the seeds' | 'off';

export interface CalibrationRow {
  readonly label: string;
  readonly measured: Figures;
  readonly simulated: Readonly<Record<keyof Figures, Spread>>;
  readonly agreement: Readonly<Record<keyof Figures, Agreement>>;
  /** Differences of the measured one and of the first seed's run. */
  readonly actions: string;
}

/** `results`: of `calibrationJobs`, in their order. */
export function calibrate(results: readonly JobResult[]): CalibrationRow[] {
  const seeds = results.length / MEASURED_RUNS.length;
  return MEASURED_RUNS.map(({ label, measured }, index) => {
    const runs = results.slice(index * seeds, (index + 1) * seeds);
    const simulated = {
      secondsOver: spread(runs.map((one) => one.secondsOver)),
      replicaSeconds: spread(runs.map((one) => one.replicaSeconds)),
      ageP99: spread(runs.map((one) => one.age.p99)),
      peak: spread(runs.map((one) => one.peakReplicas)),
    };
    return {
      label,
      measured,
      simulated,
      agreement: {
        secondsOver: compare(measured.secondsOver, simulated.secondsOver, 3),
        replicaSeconds: compare(measured.replicaSeconds, simulated.replicaSeconds, 0),
        ageP99: compare(measured.ageP99, simulated.ageP99, 1),
        peak: compare(measured.peak, simulated.peak, 0),
      },
      actions: runs[0]!.actions.map(({ at, from, to }) => `${Math.round(at)}:${from}>${to}`).join(' '),
    };
  });
}

/** The median counts; one real run may lie anywhere within what the seeds give. `slack`: where 25 % is nothing. */
function compare(measured: number, { median, min, max }: Spread, slack: number): Agreement {
  if (Math.abs(median - measured) <= Math.max(measured / 4, slack)) return 'within 25 %';
  return measured >= min - slack && measured <= max + slack ? 'within the seeds' : 'off';
}
