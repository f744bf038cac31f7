import type { Metrics } from '../../otel/metrics.ts';
import type { Measured } from '../scaling/types.ts';
import type { ApplyListener } from './apply.ts';
import type { Board } from './board.ts';
import { DecisionCounts } from './decision-counts.ts';
import type { Outcome, OutcomeSink, ScaleTarget } from './ports.ts';

/** Counts every decision, and shows the latest of each scaler at every scrape. The board is told before it. */
export function createMetricsSink(metrics: Metrics, board: Board): OutcomeSink {
  observeScalers(metrics, board);
  const decisions = new DecisionCounts();
  metrics.observedCounter('sluice.scaler.decisions', () => decisions.all());
  const count = ({ scaler, decision, result }: Outcome): void => {
    // Counted when it has ended.
    if (result !== 'applying') decisions.add({ scaler: scaler.spec.name, reason: decision.reason, result });
  };
  return {
    accept: (outcomes, _at, unread = []) => {
      outcomes.forEach(count);
      for (const { scaler } of unread)
        decisions.add({ scaler: scaler.spec.name, reason: 'TargetUnreadable', result: 'unread' });
      decisions.keep((name) => board.get(name) !== undefined);
    },
    settle: count,
  };
}

function observeScalers(metrics: Metrics, board: Board): void {
  const measured = (pick: (measured: Measured) => number | undefined) => () =>
    board.outcomes().flatMap(({ scaler, decision }) => {
      const value = pick(decision.measured);
      return value === undefined ? [] : [{ value, attributes: { scaler: scaler.spec.name } }];
    });
  const each = (pick: (outcome: Outcome) => number) => () =>
    board
      .outcomes()
      .map((outcome) => ({ value: pick(outcome), attributes: { scaler: outcome.scaler.spec.name } }));
  metrics.gauge('sluice.operator.scalers', () => board.all().length);
  metrics.gauge(
    'sluice.scaler.lag',
    measured(({ lagRecords }) => lagRecords),
  );
  metrics.gauge(
    'sluice.scaler.lag.known',
    each(({ observation }) => Number(observation.lag.kind === 'known')),
  );
  metrics.gauge(
    'sluice.scaler.age',
    measured(({ ageSeconds }) => ageSeconds),
  );
  metrics.gauge(
    'sluice.scaler.objective',
    each(({ scaler }) => scaler.spec.maxAgeSeconds),
  );
  metrics.gauge(
    'sluice.scaler.arrival_rate',
    measured(({ arrivalPerSecond }) => arrivalPerSecond),
  );
  metrics.gauge(
    'sluice.scaler.planned_rate',
    measured(({ plannedPerSecond }) => plannedPerSecond),
  );
  metrics.gauge(
    'sluice.scaler.capacity',
    measured(({ capacityPerReplica }) => capacityPerReplica),
  );
  metrics.gauge(
    'sluice.scaler.utilization',
    measured(({ utilization }) => utilization),
  );
  metrics.observedCounter(
    'sluice.scaler.rebalances',
    measured(({ rebalances }) => rebalances),
  );
  metrics.gauge('sluice.scaler.replicas', () =>
    board.outcomes().flatMap(({ scaler, decision, observation }) => {
      const { desired, ready } = observation.replicas;
      const one = (kind: 'decided' | 'desired' | 'ready', value: number) => ({
        value,
        attributes: { scaler: scaler.spec.name, kind },
      });
      return [one('decided', decision.replicas), one('desired', desired), one('ready', ready)];
    }),
  );
}

/** Counts the calls to a target. */
export function countCalls(target: ScaleTarget, metrics: Pick<Metrics, 'counter'>): ScaleTarget {
  const calls = metrics.counter('sluice.operator.target.calls');
  const counted = async <Value>(operation: 'read' | 'scale', call: Promise<Value>): Promise<Value> => {
    try {
      const value = await call;
      calls.add(1, { operation, outcome: 'ok' });
      return value;
    } catch (error) {
      calls.add(1, { operation, outcome: 'failed' });
      throw error;
    }
  };
  return {
    read: () => counted('read', target.read()),
    scale: (replicas) => counted('scale', target.scale(replicas)),
  };
}

/** Told of every tick: for `LoopOptions.onTick`. */
export function createTickMetrics(metrics: Metrics): (seconds: number, error?: unknown) => void {
  const ticks = metrics.counter('sluice.operator.ticks');
  const duration = metrics.histogram('sluice.operator.tick.duration');
  return (seconds, error) => {
    ticks.add(1, { outcome: error === undefined ? 'ok' : 'failed' });
    duration.record(seconds);
  };
}

/** How long changes of replicas take, and how many are under way: for `ApplierOptions.onApplied`. */
export function createApplyMetrics(metrics: Metrics, underway: () => number): ApplyListener {
  metrics.gauge('sluice.operator.scalings.underway', underway);
  const duration = metrics.histogram('sluice.operator.scaling.duration');
  return (seconds) => duration.record(seconds);
}
