import { specOf } from '../../loop/loop.fixture.ts';
import type { KnownLag, Observation, ReplicaReading } from '../../scaling/types.ts';

export const PARTITIONS = 6;

export interface TraceOptions {
  /** Records per second at a moment. */
  readonly arrivals: (second: number) => number;
  /** Of one replica, per second. */
  readonly capacity: number;
  readonly replicas: (second: number) => number;
  readonly seconds: number;
}

/** A recording of one stage that works evenly: what the operator would have seen every two seconds. */
export function recordingOf({ arrivals, capacity, replicas, seconds }: TraceOptions): Observation[] {
  const observations: Observation[] = [];
  const loads: { busy: number; settled: number }[] = [];
  let written = 0;
  let settled = 0;
  for (let at = 0; at <= seconds; at += 2) {
    const count = replicas(at);
    written += arrivals(at) * 2;
    const done = Math.min(written - settled, count * capacity * 2);
    settled += done;
    for (let replica = 0; replica < count; replica++) {
      const load = (loads[replica] ??= { busy: 0, settled: 0 });
      load.settled += done / count;
      load.busy += done / count / capacity;
    }
    const lag = lagOf(written, settled, (partition) => ({
      replica: partition % count,
      ...loads[partition % count]!,
    }));
    const reading: ReplicaReading = { desired: count, ready: count, revision: '' };
    observations.push({ at, scalers: [{ spec: specOf('stage'), lag, replicas: reading }] });
  }
  return observations;
}

export function lagOf(
  written: number,
  settled: number,
  load: (partition: number) => { replica: number; busy: number; settled: number } | undefined,
  members = 1,
): KnownLag {
  return {
    kind: 'known',
    group: {
      state: 'Stable',
      members: Array.from({ length: members }, (_, n) => ({ id: `m${n}`, assigned: undefined })),
    },
    partitions: Array.from({ length: PARTITIONS }, (_, partition) => {
      const told = load(partition);
      return {
        topic: 'stage-topic',
        partition,
        begin: 0,
        end: Math.floor(written / PARTITIONS),
        committed: Math.floor(settled / PARTITIONS),
        load: told && {
          replica: `r${told.replica}`,
          busySeconds: told.busy,
          settled: Math.floor(told.settled),
          inFlight: 0,
        },
      };
    }),
  };
}
