import type { ControllerKind } from './controller.ts';
import { staticCount, staticPeak } from './fixed.ts';
import { FLINK_AGGRESSIVE, FLINK_DEFAULTS, flink } from './flink.ts';
import { KEDA_DEFAULTS, keda } from './keda.ts';
import { numaflow } from './numaflow.ts';
import { oracle } from './oracle.ts';

/** As measured on a real cluster: up without limit, down after 60 s. */
const TUNED = {
  pollSeconds: 2,
  cooldownSeconds: 30,
  behavior: { downWindowSeconds: 60, scaleUp: 'unlimited' },
} as const;
const PATIENT = {
  ...TUNED,
  cooldownSeconds: 300,
  behavior: { downWindowSeconds: 300, scaleUp: 'unlimited' },
} as const;

const seconds = (work: number) => ({ threshold: (capacity: number) => work * capacity });

export const kedaDefault = keda(
  'keda-default',
  'KEDA 2.20 and HPA, every default: lagThreshold 10',
  KEDA_DEFAULTS,
);
/** Named as the measured runs are: 200 and 40 records at 40 records per second and replica. */
export const kedaTuned = keda('keda-5s', 'KEDA, threshold 5 s of work of one replica, down window 60 s', {
  ...TUNED,
  ...seconds(5),
});
export const kedaTuned1s = keda('keda-1s', 'KEDA, threshold 1 s of work of one replica, down window 60 s', {
  ...TUNED,
  ...seconds(1),
});

/** lagThreshold from half a second to ten seconds of one replica's work, with a short and with the usual down window. */
export const KEDA_SWEEP: readonly ControllerKind[] = [
  ...[2].map((work) =>
    keda(`keda-${work}s`, `KEDA, threshold ${work} s of work, down window 60 s, cool-down 30 s`, {
      ...TUNED,
      ...seconds(work),
    }),
  ),
  ...[0.5, 1, 2, 5, 10].map((work) =>
    keda(`keda-${work}s-300`, `KEDA, threshold ${work} s of work, down window and cool-down 300 s`, {
      ...PATIENT,
      ...seconds(work),
    }),
  ),
];

export const KEDAS: readonly ControllerKind[] = [kedaDefault, kedaTuned1s, kedaTuned, ...KEDA_SWEEP];

export const flinkDefault = flink(
  'flink-default',
  'Flink operator 1.1x autoscaler, every default: window 15 min, stabilisation 5 min, scale-down 1 h; told the exact capacity',
  FLINK_DEFAULTS,
);
export const flinkTuned = flink(
  'flink-tuned',
  'the same formula with window 60 s, stabilisation 30 s, catch-up 60 s, restart 10 s, scale-down 300 s',
  FLINK_AGGRESSIVE,
);

export const BASELINES: readonly ControllerKind[] = [
  ...KEDAS,
  flinkDefault,
  flinkTuned,
  numaflow,
  staticPeak,
  staticCount(8),
  staticCount(24),
  oracle,
];
