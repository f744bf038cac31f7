import { alternativesOf } from './alternatives.ts';
import { conditionsOf } from './conditions.ts';
import { measuredOf } from './measured.ts';
import { type Observed, observe } from './observe.ts';
import { remember } from './remember.ts';
import { oldEvents } from './rules/age.ts';
import { rollback, bottlenecked } from './rules/bottleneck.ts';
import { aboveMaximum, belowMinimum } from './rules/bounds.ts';
import { fewerReplicas } from './rules/down.ts';
import { firstOrder } from './rules/first-order.ts';
import { limited } from './rules/limited.ts';
import { rebalancing } from './rules/rebalancing.ts';
import type { Rule, Ruling } from './rules/rule.ts';
import { slowStart, tryFewer } from './rules/slow-start.ts';
import { steady } from './rules/steady.ts';
import { unknownLag } from './rules/unknown.ts';
import { moreReplicas } from './rules/up.ts';
import { idle, wake } from './rules/zero.ts';
import { assess, type Situation } from './situation.ts';
import { newScalerState, type ScalerState, type ScalingState } from './state.ts';
import { feeding, upstreamFirst } from './topology.ts';
import type { Decision, Observation } from './types.ts';
import { withFlows } from './flows.ts';

export { initialState, learnedOf, restoreState } from './state.ts';

/** The first rule that has something to say decides; the last always has. */
const RULES: readonly Rule[] = [
  aboveMaximum,
  belowMinimum,
  unknownLag,
  firstOrder,
  rebalancing,
  wake,
  rollback,
  moreReplicas,
  slowStart,
  oldEvents,
  bottlenecked,
  limited,
  idle,
  fewerReplicas,
  tryFewer,
  steady,
];

/**
 * Sets the replicas of every scaler from one look at all of them. Each is looked at; then, from the first stage to
 * the last, it is assessed what will arrive, what a replica settles and how many are needed; then the rules decide.
 *
 * Pure: the same state and observation always give the same answer, nothing is changed, and the state is JSON.
 */
export function decide(
  state: ScalingState,
  { at, scalers }: Observation,
): { readonly state: ScalingState; readonly decisions: readonly Decision[] } {
  const observed = withFlows(
    upstreamFirst(scalers).map((scaler) => {
      const { name } = scaler.spec;
      const before = state.scalers[name] ?? newScalerState(at, scaler.replicas, state.learned[name]);
      return observe(before, scaler, at);
    }),
  );
  const situations = assessAll(observed, at);
  const rulings = new Map(situations.values().map((situation) => [situation.spec.name, rule(situation)]));
  const memories: Record<string, ScalerState> = {};
  const decisions = scalers.map(({ spec: { name } }) => {
    const situation = situations.get(name)!;
    const ruling = rulings.get(name)!;
    memories[name] = remember(situation, ruling);
    return decisionOf(situation, ruling);
  });
  return { state: { ...state, scalers: { ...notSeen(state, at), ...memories } }, decisions };
}

function assessAll(observed: readonly Observed[], at: number): ReadonlyMap<string, Situation> {
  const bottlenecks = observed.filter(({ memory }) => at < (memory.bottleneck.ceiling?.probeAt ?? at));
  const feedsBottleneck = feeding(
    observed.map(({ scaler }) => scaler),
    bottlenecks.map(({ scaler }) => scaler.spec.name),
  );
  const situations = new Map<string, Situation>();
  for (const each of observed) {
    const { name, upstream } = each.scaler.spec;
    const known = upstream.flatMap((name) => situations.get(name) ?? []);
    situations.set(name, assess(each, known, feedsBottleneck.has(name)));
  }
  return situations;
}

function rule(situation: Situation): Ruling {
  for (const rule of RULES) {
    const ruling = rule(situation);
    if (ruling !== undefined) return ruling;
  }
  throw new Error('no rule has decided');
}

const FORGOTTEN_SECONDS = 600;

/** Scalers that were not part of this look, such as one whose target could not be read, are remembered for a while. */
function notSeen(state: ScalingState, at: number): Readonly<Record<string, ScalerState>> {
  return Object.fromEntries(
    Object.entries(state.scalers).filter(([, memory]) => at - memory.at < FORGOTTEN_SECONDS),
  );
}

/** Says once that the count was changed by another hand. */
function byHand({ memory, at, replicas }: Situation): string {
  if (memory.operation.byHandAt !== at) return '';
  return `replicas were set to ${replicas.desired} by somebody else, which is where it goes on from; `;
}

function decisionOf(situation: Situation, ruling: Ruling): Decision {
  return {
    scaler: situation.spec.name,
    ...ruling,
    message: byHand(situation) + ruling.message,
    measured: measuredOf(situation),
    alternatives: alternativesOf(situation, ruling),
    conditions: conditionsOf(situation),
  };
}
