import type { Logger } from '../../otel/logger.ts';
import type { Metrics } from '../../otel/metrics.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Env } from '../config/secrets.ts';
import { createLagSource } from '../lag/kafkajs/lag-source.ts';
import { toConnections } from '../lag/open-security.ts';
import { decide, initialState } from '../scaling/decide.ts';
import type { ScalingState } from '../scaling/state.ts';
import type { Fence } from './apply.ts';
import { Applier } from './apply.ts';
import { Board } from './board.ts';
import { createLogSink } from './log-sink.ts';
import { Loop } from './loop.ts';
import { createApplyMetrics, createMetricsSink, createTickMetrics } from './loop-metrics.ts';
import type { LagSource, OutcomeSink, ScalerSource } from './ports.ts';
import { createTargetReader } from './target-reader.ts';
import { createTick } from './tick.ts';

export interface OperatorLoopOptions {
  readonly config: OperatorConfig;
  /** Where secrets are that the configuration names by variable. */
  readonly env: Env;
  readonly scalers: ScalerSource;
  /** Besides /metrics and the log. */
  readonly sinks: readonly OutcomeSink[];
  readonly fence: Fence;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Default: Kafka, by the configuration. */
  readonly lag?: LagSource;
  /** What earlier runs have learned. Default: nothing. */
  readonly state?: ScalingState;
}

export interface OperatorLoop {
  readonly loop: Loop;
  /** What was last decided. */
  readonly board: Board;
  /** Lets the tick and the changes that are under way end. */
  readonly stop: () => Promise<void>;
}

/** The loop with everything that is the same wherever the scalers come from. Not started yet. */
export function createOperatorLoop(options: OperatorLoopOptions): OperatorLoop {
  const { config, metrics, log, scalers, fence } = options;
  const board = new Board();
  const lag = options.lag ?? openLag(options);
  const now = (): number => performance.now();
  const intervalMs = config.tickSeconds * 1_000;
  const onApplied = createApplyMetrics(metrics, () => applier.underway);
  const applier: Applier = new Applier({ fence, now, onApplied });
  const tick = createTick({
    scalers,
    lag,
    decide,
    initialState: options.state ?? initialState(),
    sinks: [board, createMetricsSink(metrics, board), createLogSink(log), ...options.sinks],
    applier,
    now,
    readTargets: createTargetReader({ timeoutMs: config.readTimeoutSeconds * 1_000, now }),
    onSinkError: (error) => log.error({ err: error }, 'a sink has failed'),
  });
  const count = createTickMetrics(metrics);
  const onTick = (seconds: number, error?: unknown): void => {
    count(seconds, error);
    if (error !== undefined) log.error({ err: error }, 'a tick has failed');
  };
  const loop = new Loop({ tick, intervalMs, onTick, now });
  return {
    loop,
    board,
    stop: async () => {
      await loop.stop();
      await applier.idle();
      await lag.close();
    },
  };
}

function openLag({ config, env, metrics, log }: OperatorLoopOptions): LagSource {
  const requests = metrics.counter('sluice.operator.kafka.requests');
  return createLagSource({
    connections: toConnections(config, env),
    readTimeoutMs: config.readTimeoutSeconds * 1_000,
    onRequest: (api, outcome) => requests.add(1, { api, outcome }),
    onError: (error) => log.error({ err: error }, 'reading Kafka has failed'),
  });
}
