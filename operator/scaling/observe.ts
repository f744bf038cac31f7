import { withMark } from './age.ts';
import { withSample } from './arrivals.ts';
import { confirmed, judge, NO_BOTTLENECK } from './bottleneck.ts';
import { NO_BUSY_TIME, withLoads } from './busy-capacity.ts';
import { capacityOf } from './capacity.ts';
import { commitSeconds, withCommits } from './commits.ts';
import { type Look, readLook } from './look.ts';
import { withReplicas } from './operation.ts';
import { withWritten } from './partition-load.ts';
import { withGroup } from './rebalances.ts';
import { interrupted, NO_SATURATION, withStretch } from './saturation.ts';
import { asBelieved, NO_SERVICE_RATE, reassigned, type ServiceRate, withServed } from './service-rate.ts';
import { type ScalerState, withoutWindows } from './state.ts';
import { tried } from './trial.ts';
import type { ReplicaReading, ScalerObservation, UnknownLag } from './types.ts';

/** One scaler after one look: what is remembered now, and what was seen or why nothing was. */
export interface Observed {
  readonly scaler: ScalerObservation;
  readonly memory: ScalerState;
  readonly look: Look | undefined;
  readonly unknown: UnknownLag | undefined;
  /** Records settled and written since the look before; undefined: there is none to compare with. */
  readonly flow: { readonly settled: number; readonly written: number; readonly seconds: number } | undefined;
}

/** Takes one look at one scaler into memory. */
export function observe(before: ScalerState, scaler: ScalerObservation, at: number): Observed {
  const { lag, replicas, spec } = scaler;
  const known = ofRevision(before, replicas, spec.capacityHint);
  if (lag.kind === 'unknown') return unseen(known, scaler, at, lag);
  const look = readLook(lag, spec.offsetReset, known.offsets);
  if (!('backwards' in look)) return seen(known, scaler, at, look);
  const message = `offsets went backwards: ${look.backwards}`;
  return unseen(known, scaler, at, { kind: 'unknown', reason: 'OffsetsReset', message });
}

/** Another revision may be faster or slower: what the old one could is only a guess for it. */
function ofRevision(
  before: ScalerState,
  { revision }: ReplicaReading,
  hint: number | undefined,
): ScalerState {
  if (revision === before.revision) return before;
  return {
    ...before,
    revision,
    rememberedCapacity: capacityOf(before, hint)?.perReplica,
    busy: { ...NO_BUSY_TIME, replicas: before.busy.replicas },
    saturation: NO_SATURATION,
    serviceRate: NO_SERVICE_RATE,
    bottleneck: NO_BOTTLENECK,
  };
}

/** Offsets are cumulative: what was written and settled in a gap of this many seconds is seen after it. */
const BRIDGED_SECONDS = 10;

function unseen(before: ScalerState, scaler: ScalerObservation, at: number, unknown: UnknownLag): Observed {
  const bridged = unknown.reason !== 'OffsetsReset' && at - before.seenAt <= BRIDGED_SECONDS;
  const memory: ScalerState = {
    ...before,
    ...(bridged ? {} : withoutWindows(at)),
    at,
    unknownSince: before.unknownSince ?? at,
    saturation: interrupted(before.saturation),
    serviceRate: reassigned(before.serviceRate, undefined, at),
    operation: withReplicas(before.operation, scaler.replicas, at, undefined),
  };
  return { scaler, memory, look: undefined, unknown, flow: undefined };
}

function seen(earlier: ScalerState, scaler: ScalerObservation, at: number, look: Look): Observed {
  const before =
    earlier.offsets?.topology === look.topology
      ? earlier
      : { ...earlier, ...withoutWindows(at), serviceRate: reassigned(earlier.serviceRate, undefined, at) };
  const elapsed = Math.max(0, at - before.seenAt);
  const last = before.samples.at(-1);
  const flow = last && {
    written: look.written - last[1],
    settled: look.settled - last[2],
    seconds: at - last[0],
  };
  const { topology, ends, committed, positions } = look;
  const isReordered = scaler.replicas.desired !== before.operation.desired;
  const memory: ScalerState = {
    ...before,
    at,
    seenAt: at,
    unknownSince: undefined,
    activeAt: look.lag > 0 || (flow?.written ?? 0) > 0 ? at : before.activeAt,
    offsets: { topology, ends, committed, positions },
    samples: withSample(before.samples, [at, look.written, look.settled]),
    marks: withMark(before.marks, [at, ends]),
    partitionLoad: withWritten(before.partitionLoad, look, before.offsets?.ends, elapsed),
    commits: withCommits(before.commits, look, before.offsets?.positions, { at, elapsedSeconds: elapsed }),
    busy: withLoads(before.busy, look.partitions, elapsed),
    operation: withReplicas(before.operation, scaler.replicas, at, look.members),
    rebalances: withGroup(before.rebalances, look, { at, elapsedSeconds: elapsed, isReordered }),
  };
  return { scaler, memory: withEffect(memory, before, look), look, unknown: undefined, flow };
}

/** What changes in the group and in the replica count have led to. */
function withEffect(memory: ScalerState, before: ScalerState, look: Look): ScalerState {
  const { operation, rebalances, at } = memory;
  const isChanged = rebalances.lastAt === at;
  const quiet = operation.underway === undefined && !isChanged;
  const saturation = quiet
    ? withStretch(memory.saturation, look, at, commitSeconds(memory.commits))
    : interrupted(memory.saturation);
  const serviceRate = servedSince(before.seenAt, { memory, look, isChanged });
  const bottleneck = tried(memory, before, look.partitions.length);
  return judgedBy({ ...memory, saturation, serviceRate, bottleneck }, before, look);
}

interface Seen {
  readonly memory: ScalerState;
  readonly look: Look;
  /** The group is another since. */
  readonly isChanged: boolean;
}

/** What members settle: asked only where they do not tell how busy they are. */
function servedSince(seenAt: number, { memory, look, isChanged }: Seen): ServiceRate {
  const { busy, serviceRate, operation, at } = memory;
  if (busy.perReplica !== undefined) return NO_SERVICE_RATE;
  if (isChanged) return reassigned(serviceRate, look, at);
  const isStarting = operation.underway !== undefined;
  return withServed(serviceRate, look, { at, elapsedSeconds: at - seenAt, isStarting });
}

/** Whether a scale-up on trial has brought what it should, and what that says of what was measured meanwhile. */
function judgedBy(memory: ScalerState, before: ScalerState, look: Look): ScalerState {
  const { saturation, serviceRate, bottleneck, busy, at } = memory;
  const { trial } = bottleneck;
  const judged = judgedNow(memory, look.partitions.length);
  // While a scale-up has brought nothing, what its replicas settle is not what a replica can.
  const isDoubtful = trial !== undefined && judged !== NO_BOTTLENECK;
  const perReplica = isDoubtful
    ? (before.saturation.perReplica ?? judged.trial?.perReplica)
    : saturation.perReplica;
  const busyThen = saturation.measuredAt === at ? busy.perReplica : saturation.busyThen;
  const isLimit = isDoubtful && judged.trial === undefined && judged.ceiling?.since === at;
  return {
    ...memory,
    saturation: { ...saturation, perReplica, busyThen },
    serviceRate: isLimit ? asBelieved(serviceRate, trial) : serviceRate,
    bottleneck: judged,
  };
}

function judgedNow(
  { saturation: { last }, bottleneck, busy, serviceRate, at }: ScalerState,
  partitions: number,
) {
  const judged = last?.at === at ? judge(bottleneck, last, partitions) : bottleneck;
  return busy.perReplica === undefined ? confirmed(judged, serviceRate.last, partitions) : judged;
}
