import type { Condition, StageScalerStatus } from '../api/v1alpha1.ts';
import { nextConditions } from '../kube/conditions.ts';
import type { Outcome } from '../loop/ports.ts';
import type { Learned } from '../scaling/state.ts';
import type { Measured } from '../scaling/types.ts';
import type { Admission } from './admission.ts';
import type { Declaration } from './declaration.ts';
import type { Standing } from './verdicts.ts';
import { conditionsOf } from './verdicts.ts';

export interface StatusInput {
  readonly declaration: Declaration;
  readonly admission: Admission;
  /** Undefined: nothing has been decided yet. */
  readonly standing: Standing | undefined;
  /** What was last written. */
  readonly before: StageScalerStatus;
  readonly lastScaleTime: string | undefined;
  /** RFC 3339. */
  readonly now: string;
}

/** The status as it should be; undefined: there is nothing to say yet. */
export function nextStatus(input: StatusInput): StageScalerStatus | undefined {
  const { declaration, admission, standing, before, lastScaleTime, now } = input;
  const states = conditionsOf(admission, standing);
  if (states.length === 0) return undefined;
  const observedGeneration = declaration.generation;
  const conditions = nextConditions(before.conditions ?? [], states, { now, observedGeneration });
  const kept = {
    observedGeneration,
    conditions,
    ...(before.learned && { learned: before.learned }),
    ...(lastScaleTime !== undefined && { lastScaleTime }),
  };
  if (admission.kind === 'refused') return { ...kept, reason: admission.refusal.reason };
  if (!standing || !('decision' in standing.result)) return { ...kept, reason: 'TargetUnreadable' };
  const { result } = standing;
  return { ...kept, ...figuresOf(result, now), learned: { ...before.learned, ...learnedOf(result) } };
}

/** Whether a status is worth writing. Figures alone can wait; what was learned and considered goes along. */
export function statusChange(
  before: StageScalerStatus,
  after: StageScalerStatus,
): 'none' | 'figures' | 'material' {
  if (MATERIAL.some((field) => before[field] !== after[field])) return 'material';
  if (outline(before.conditions) !== outline(after.conditions)) return 'material';
  if (FIGURES.some((field) => before[field] !== after[field])) return 'figures';
  return words(before.conditions) === words(after.conditions) ? 'none' : 'figures';
}

const MATERIAL = ['observedGeneration', 'currentReplicas', 'desiredReplicas', 'reason'] as const;
const FIGURES = [
  'readyReplicas',
  'lagRecords',
  'ageSeconds',
  'arrivalPerSecond',
  'plannedPerSecond',
  'capacityPerReplica',
  'utilization',
  'lastScaleTime',
] as const;

const outline = (conditions: readonly Condition[] = []): string =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`).join();
const words = (conditions: readonly Condition[] = []): string =>
  conditions.map(({ message }) => message).join('\n');

function figuresOf({ decision, observation, result }: Outcome, now: string): StageScalerStatus {
  const { measured } = decision;
  const { desired, ready } = observation.replicas;
  return {
    currentReplicas: result === 'scaled' ? decision.replicas : desired,
    readyReplicas: ready,
    desiredReplicas: decision.replicas,
    reason: decision.reason,
    ...rounded(measured),
    lastDecision: {
      time: now,
      replicas: decision.replicas,
      message: decision.message,
      inputs: defined(legible(measured)),
      alternatives: decision.alternatives,
    },
  };
}

/** What the next start takes up: `Learned` of operator/scaling/state.ts. */
function learnedOf({ decision: { measured } }: Outcome): Learned {
  const { capacityPerReplica, capacitySource, coldStartSeconds, rebalances, rebalanceSeconds } = measured;
  const isMeasured = capacitySource === 'busy-time' || capacitySource === 'saturated';
  return {
    coldStarts: [coldStartSeconds],
    ...(isMeasured && capacityPerReplica !== undefined && { capacityPerReplica }),
    ...(rebalances > 0 && { rebalanceSeconds }),
  };
}

/** Three decimals: what more there is nobody reads. */
function legible(measured: Measured): Measured {
  const entries = Object.entries(measured).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'number' ? Number(value.toFixed(3)) : value,
  ]);
  return Object.fromEntries(entries) as Measured;
}

/** Three digits say enough, and do not change with every look. */
function rounded(measured: Measured): StageScalerStatus {
  const { lagRecords, ageSeconds, arrivalPerSecond, plannedPerSecond, capacityPerReplica, utilization } =
    measured;
  return defined({
    lagRecords: lagRecords === undefined ? undefined : Math.round(lagRecords),
    ageSeconds: digits(ageSeconds),
    arrivalPerSecond: digits(arrivalPerSecond),
    plannedPerSecond: digits(plannedPerSecond),
    capacityPerReplica: digits(capacityPerReplica),
    utilization: digits(utilization),
  });
}

function digits(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && !Number.isNaN(value));
  return Object.fromEntries(entries) as Defined<Fields>;
}
