import { MEASURED_RUNS } from '../../operator/simulation/checks/calibration.ts';
import type { TraceName } from './traces.ts';
import { TRACE_NAMES } from './traces.ts';

/** What real KEDA 2.20.2 and fixed numbers of replicas did, with the same worker and loads, one run each. */
export interface PeerRun extends More {
  readonly trace: TraceName;
  readonly label: string;
  readonly secondsOver: number;
  readonly ageP99: number;
  readonly replicaSeconds: number;
  readonly peak: number;
}

/** What the simulator's calibration does not compare. */
interface More {
  readonly latePercent: number;
  readonly ageMax: number;
  /** Reversals are those within 300 s. */
  readonly actions: readonly [actions: number, reversals: number, badDowns: number];
  /** Seconds from the step to the first scale-up; undefined: never. */
  readonly firstUp: number | undefined;
}

/** The run of the calibration that is called so, and the rest of what was measured in it. @throws Error without one */
function peer(
  name: string,
  [latePercent, ageMax]: readonly [latePercent: number, ageMax: number],
  actions: More['actions'],
  firstUp?: number,
): PeerRun {
  const run = MEASURED_RUNS.find(({ label }) => label === name);
  const trace = TRACE_NAMES.find((known) => run?.scenario === `kind-${known}`);
  if (run === undefined || trace === undefined) throw new Error(`The calibration has no run ${name}.`);
  const kind = run.controller.startsWith('keda') ? 'KEDA ' : '';
  const setting = name.replace(`, ${trace}`, '').replace('run 2', 'again');
  const full = run.environment === 'measured-cpu-full' ? ' (CPU full)' : '';
  return { trace, label: kind + setting + full, ...run.measured, latePercent, ageMax, actions, firstUp };
}

export const PEER_RUNS: readonly PeerRun[] = [
  peer('static 8, step', [0, 3.9], [0, 0, 0]),
  peer('static 24, step', [0, 2.9], [0, 0, 0]),
  peer('default, step', [18.2, 23.7], [7, 0, 0], 14.3),
  peer('tuned 5 s, step', [7.3, 20.7], [11, 5, 2], 14.3),
  peer('tuned 5 s, step, run 2', [18.8, 24.4], [9, 5, 2], 3.4),
  peer('tuned 1 s, step', [25.2, 26], [9, 8, 2], 7.4),
  peer('tuned 1 s, step, run 2', [10.8, 20.1], [7, 5, 2], 2.1),
  peer('default, flat', [8.7, 17.3], [4, 0, 0], 13.4),
  peer('tuned 5 s, flat', [4.2, 17.8], [9, 6, 3], 4),
  peer('default, spike', [62.9, 24.1], [4, 0, 0], 5.2),
  peer('tuned 5 s, spike', [29.6, 16.4], [4, 1, 0], 10),
  peer('tuned 1 s, spike', [0, 7.5], [4, 2, 0], 2),
];
