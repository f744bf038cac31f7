/** Load of one run, on which real KEDA was measured too: from which second on how many per second; the last is the end. */
export interface Trace {
  readonly name: TraceName;
  readonly title: string;
  readonly rates: readonly (readonly [second: number, perSecond: number])[];
}

export const TRACE_NAMES = ['step', 'flat', 'spike'] as const;
export type TraceName = (typeof TRACE_NAMES)[number];

/** What one worker settles: 25 ms a message, one after the other. */
export const WORKER_PER_SECOND = 40;
export const PARTITIONS = 24;
export const MAX_AGE_SECONDS = 10;

export const TRACES: Readonly<Record<TraceName, Trace>> = {
  step: {
    name: 'step',
    title: '30/s, 300/s from 30 s to 270 s, 30/s',
    rates: [
      [0, 30],
      [30, 300],
      [270, 30],
      [510, 0],
    ],
  },
  flat: {
    name: 'flat',
    title: '200/s for 300 s',
    rates: [
      [0, 200],
      [300, 0],
    ],
  },
  spike: {
    name: 'spike',
    title: '30/s, 400/s from 30 s to 75 s, 30/s',
    rates: [
      [0, 30],
      [30, 400],
      [75, 30],
      [315, 0],
    ],
  },
};

export function secondsOf({ rates }: Trace): number {
  return rates.at(-1)![0];
}

/** The second at which the load becomes the most there is. */
export function stepOf({ rates }: Trace): number {
  const most = Math.max(...rates.map(([, perSecond]) => perSecond));
  return rates.find(([, perSecond]) => perSecond === most)![0];
}

/** Records per second at a time of the trace. */
export function rateAt({ rates }: Trace, second: number): number {
  return rates.findLast(([from]) => from <= second)?.[1] ?? 0;
}

/** Workers that the load of this second takes. */
export function neededAt(trace: Trace, second: number): number {
  return Math.ceil(rateAt(trace, second) / WORKER_PER_SECOND);
}

/** Replica-seconds of as many workers as are needed, at every second. */
export function oracleReplicaSeconds(trace: Trace): number {
  let sum = 0;
  for (let second = 0; second < secondsOf(trace); second++) sum += Math.max(1, neededAt(trace, second));
  return sum;
}
