import type { TraceName } from './traces.ts';

/** What real KEDA 2.20.2 and fixed numbers of replicas did, with the same worker and loads, one run each. */
export interface PeerRun {
  readonly trace: TraceName;
  readonly label: string;
  readonly secondsOver: number;
  readonly latePercent: number;
  readonly ageP99: number;
  readonly ageMax: number;
  readonly replicaSeconds: number;
  /** Reversals are those within 300 s. */
  readonly actions: readonly [actions: number, reversals: number, badDowns: number];
  /** Seconds from the step to the first scale-up; undefined: never. */
  readonly firstUp: number | undefined;
  readonly peak: number;
}

type Waits = readonly [secondsOver: number, latePercent: number, ageP99: number, ageMax: number];

const run = (
  [trace, label]: readonly [TraceName, string],
  [secondsOver, latePercent, ageP99, ageMax]: Waits,
  rest: Pick<PeerRun, 'replicaSeconds' | 'actions' | 'firstUp' | 'peak'>,
): PeerRun => ({ trace, label, secondsOver, latePercent, ageP99, ageMax, ...rest });

export const PEER_RUNS: readonly PeerRun[] = [
  run(['step', 'static 8'], [0, 0, 3.8, 3.9], {
    replicaSeconds: 4_080,
    actions: [0, 0, 0],
    firstUp: undefined,
    peak: 8,
  }),
  run(['step', 'static 24'], [0, 0, 1.2, 2.9], {
    replicaSeconds: 12_240,
    actions: [0, 0, 0],
    firstUp: undefined,
    peak: 24,
  }),
  run(['step', 'KEDA default'], [55, 18.2, 22.9, 23.7], {
    replicaSeconds: 9_044,
    actions: [7, 0, 0],
    firstUp: 14.3,
    peak: 24,
  }),
  run(['step', 'KEDA tuned 5 s'], [31, 7.3, 19.1, 20.7], {
    replicaSeconds: 3_292,
    actions: [11, 5, 2],
    firstUp: 14.3,
    peak: 19,
  }),
  run(['step', 'KEDA tuned 5 s, again (CPU full)'], [83, 18.8, 22.4, 24.4], {
    replicaSeconds: 4_530,
    actions: [9, 5, 2],
    firstUp: 3.4,
    peak: 22,
  }),
  run(['step', 'KEDA tuned 1 s (CPU full)'], [65, 25.2, 24.3, 26], {
    replicaSeconds: 6_207,
    actions: [9, 8, 2],
    firstUp: 7.4,
    peak: 24,
  }),
  run(['step', 'KEDA tuned 1 s, again'], [28, 10.8, 17.6, 20.1], {
    replicaSeconds: 4_672,
    actions: [7, 5, 2],
    firstUp: 2.1,
    peak: 24,
  }),
  run(['flat', 'KEDA default'], [33, 8.7, 16.5, 17.3], {
    replicaSeconds: 6_229,
    actions: [4, 0, 0],
    firstUp: 13.4,
    peak: 24,
  }),
  run(['flat', 'KEDA tuned 5 s'], [20, 4.2, 16.1, 17.8], {
    replicaSeconds: 2_166,
    actions: [9, 6, 3],
    firstUp: 4,
    peak: 13,
  }),
  run(['spike', 'KEDA default'], [49, 62.9, 23.7, 24.1], {
    replicaSeconds: 6_090,
    actions: [4, 0, 0],
    firstUp: 5.2,
    peak: 24,
  }),
  run(['spike', 'KEDA tuned 5 s'], [43, 29.6, 16, 16.4], {
    replicaSeconds: 1_893,
    actions: [4, 1, 0],
    firstUp: 10,
    peak: 22,
  }),
  run(['spike', 'KEDA tuned 1 s'], [0, 0, 6.9, 7.5], {
    replicaSeconds: 1_979,
    actions: [4, 2, 0],
    firstUp: 2,
    peak: 24,
  }),
];
